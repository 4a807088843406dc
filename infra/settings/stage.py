"""One environment: every part of its settings, and what follows from them."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from contracts.execution import UPSCALE
from contracts.families import CAPTIONERS, SEGMENTERS
from contracts.metrics import require_measured
from contracts.release import ReleaseRules
from contracts.webhooks import Reach
from contracts.work import Pace
from infra.settings.api import Api
from infra.settings.disclosure import Disclosure
from infra.settings.jobs import JobSettings
from infra.settings.kinds import check_kinds
from infra.settings.licences import Licences, aging
from infra.settings.log_days import LOG_DAYS
from infra.settings.network import INTERFACES, REAL_TIME_INTERFACES, Network, network_in_context
from infra.settings.pace import pace
from infra.settings.page import StagePage
from infra.settings.people import People
from infra.settings.placement import Placement
from infra.settings.pretraining import Pretraining
from infra.settings.provenance import Provenance
from infra.settings.retention import Retention
from infra.settings.safety import Safety
from infra.settings.serving import Serving
from infra.settings.validation import check, check_range, check_text
from infra.settings.watching import Watching
from models.catalogue import CatalogueEntry, find

NAME = r"[a-z][a-z0-9]{1,14}"
NAME_RULE = (
    "2 to 15 of a-z, 0-9, a letter first; no hyphen, because what begins with atelier-prod- is stage prod's to use, expire and remove. "
    "One stage may stand in several regions"
)
"""Names that CloudFormation makes of a stack's and cuts at 63 characters, and those of jobs and endpoints, begin with a stage's of 15."""

FEWEST_RUN_DAYS = 35
"""An execution may last 30 days, seven of them waiting for a person who looks at its pictures."""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One environment. ``base_models`` are catalogue names, the first is the default and the one the shared endpoint serves.

    ``keep_data`` leaves buckets, table and key behind when the stage is destroyed; without it they are emptied and removed. After
    ``media_days`` uploads, predictions and their pictures expire, after ``run_days`` what a run leaves besides what it publishes.
    ``base_images`` says where the images start from: AWS's ``public`` registry, or the ``private`` one of the region, which asks for a
    login, where the public one cannot be reached (China, closed networks). ``network`` is the stage's own; without one, everything runs in
    the networks of AWS's services. ``page`` is the web page that is served beside
    the API; ``None`` serves none. ``rules`` are the weakest approval and gate that an execution may ask for. ``licences`` is what those of
    its models must allow, ``disclosure`` what people are told who see its pictures, ``safety`` what is refused whoever asks.
    """

    name: str
    base_models: tuple[str, ...]
    segmenter: str
    keep_data: bool
    media_days: int
    run_days: int
    log_days: int
    jobs: JobSettings
    pretraining: Pretraining
    serving: Serving
    api: Api
    base_images: Literal["public", "private"] = "public"
    network: Network | None = None
    page: StagePage | None = field(default_factory=StagePage)
    placement: Placement = field(default_factory=Placement)
    watching: Watching = field(default_factory=Watching)
    people: People = field(default_factory=People)
    retention: Retention = field(default_factory=Retention)
    rules: ReleaseRules = field(default_factory=ReleaseRules)
    licences: Licences = field(default_factory=Licences)
    disclosure: Disclosure = field(default_factory=Disclosure)
    provenance: Provenance = field(default_factory=Provenance)
    safety: Safety = field(default_factory=Safety)
    captioner: str | None = None

    def __post_init__(self) -> None:
        check_kinds(self, "stage")
        check_text("stage.name", self.name, NAME, NAME_RULE)
        check(bool(self.base_models), "stage.base_models", got=self.base_models, allowed="at least one catalogue name")
        for name in self.base_models:
            check(find(name).task == "inpaint", "stage.base_models", got=name, allowed="a model whose task is inpaint")
        segments = find(self.segmenter).family in SEGMENTERS
        check(segments, "stage.segmenter", got=self.segmenter, allowed=f"family {' | '.join(SEGMENTERS)}")
        self._check_captioner()
        for task, least in self.rules.gate.items():
            masks = task == "inpaint"
            embeds, enlarges = masks and find(self.segmenter).contrastive, task == UPSCALE
            require_measured(f"rules.gate.{task}", least.to_json(), masks=masks, embeds=embeds, enlarges=enlarges)
        self.licences.require(self.models)
        check_text("stage.base_images", self.base_images, "public|private", "public | private")
        check_range("stage.media_days", self.media_days, 1, unit="day")
        self.retention.require_within(self.media_days)
        offered = f"what CloudWatch offers: {', '.join(map(str, LOG_DAYS))}"
        check(self.log_days in LOG_DAYS, "stage.log_days", got=self.log_days, allowed=offered)
        webhooks = "false but in stage local, which runs on the machine of whoever is told"
        inside = self.api.loopback_webhooks
        check(not inside or self.name == "local", "api.loopback_webhooks", got=inside, allowed=webhooks)
        self._check_page()
        check_range("stage.run_days", self.run_days, FEWEST_RUN_DAYS, unit="days: an execution may last 30")
        _ = self.pace  # of machines that are too weak for the models, or of which nothing is known, there is none

    def _check_captioner(self) -> None:
        captions = self.captioner is None or find(self.captioner).family in CAPTIONERS
        check(captions, "stage.captioner", got=self.captioner, allowed=f"family {' | '.join(CAPTIONERS)}, or none")

    def _check_page(self) -> None:
        if self.page is None:
            return
        unsigned = "None where the API is signed: a browser's page has no IAM identity to sign its requests with"
        check(not self.api.signed, "stage.page", got=self.page, allowed=unsigned)
        handing, laptop = self.page.hand_over_key, "False but in stage local, whose page only this machine opens"
        check(not handing or self.name == "local", "page.hand_over_key", got=handing, allowed=laptop)

    @property
    def outputs_days(self) -> int:
        """For how many days pictures are kept."""
        return self.retention.outputs_days or self.media_days

    def placed(self, placement: Placement) -> "Stage":
        """The same stage where ``placement`` says, on machines that are sold there, and with a page where CloudFront serves one."""
        page = self.page.in_region(placement.region) if self.page else None
        return replace(self, placement=placement, serving=self.serving.in_region(placement.region), page=page)

    def with_context(self, value_of: Callable[[str], object]) -> "Stage":
        """The same, placed, watched and connected as the CDK's context says. Raises ValueError."""
        return replace(
            self.placed(self.placement.with_context(value_of)),
            watching=self.watching.with_context(value_of),
            network=network_in_context(self.network, value_of),
        )

    @property
    def prefix(self) -> str:
        """The prefix of every name that is created at run time."""
        return f"atelier-{self.name}"

    @property
    def tags(self) -> dict[str, str]:
        """The tags by which costs are allocated: CloudFormation adds them to a stack's resources, the state machine to its jobs."""
        return {"atelier:stage": self.name, **self.placement.tags}

    @property
    def release_rules(self) -> str:
        """The rules as handlers read them from their environment."""
        return json.dumps(self.rules.to_json(), sort_keys=True)

    @property
    def loosenings(self) -> tuple[str, ...]:
        """What the stage does without, of what every stage has by default: said at synth, and in an output of the template."""
        return (*self.licences.loosenings, *self.provenance.loosenings, *self.safety.rules.loosened)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is said at synth: that, and which models nothing new should begin with."""
        return (*self.loosenings, *aging(self.models))

    @property
    def webhooks(self) -> Reach:
        """Where webhooks may go: nowhere from a network of the stage's own."""
        if self.network:
            return "none"
        return "loopback" if self.api.loopback_webhooks else "public"

    @property
    def models(self) -> tuple[CatalogueEntry, ...]:
        """Every base model the stage mirrors: the default first."""
        names = (*self.base_models, self.segmenter, self.serving.upscaler, self.captioner)
        return tuple(find(name) for name in names if name is not None)

    @property
    def segmenter_model(self) -> CatalogueEntry:
        """The model that finds garments from words."""
        return find(self.segmenter)

    @property
    def upscaler_model(self) -> CatalogueEntry | None:
        """The model that enlarges pictures; ``None`` where the stage serves none."""
        return find(self.serving.upscaler) if self.serving.upscaler else None

    @property
    def captioner_model(self) -> CatalogueEntry | None:
        """The model that says what pictures show; ``None`` where their captions are what the segmenter sees."""
        return find(self.captioner) if self.captioner else None

    @property
    def pace(self) -> Pace:
        """What the slowest machine of the shared endpoint, which versions' own are like, denoises in a second."""
        types = (self.serving.instance, *self.serving.fallbacks)
        serving, models = self.serving, map(find, self.base_models)
        return pace(types, models, self.upscaler_model, serving.pace, real_time=serving.is_real_time)

    @property
    def interfaces(self) -> Mapping[str, str]:
        """The services that are called from inside a network of the stage's own, and what for."""
        asking = REAL_TIME_INTERFACES if self.serving.is_real_time else {}
        return {**INTERFACES, **asking, **self.provenance.interfaces}

    @property
    def default_model(self) -> CatalogueEntry:
        """The base model that is used where an execution names none."""
        return find(self.base_models[0])


def threads_environment(threads: int | None) -> dict[str, str]:
    """The container's environment that limits its CPU threads; empty where there is no limit."""
    return {} if threads is None else {"OMP_NUM_THREADS": str(threads)}
