"""What the HTTP API answers of styles, their versions, and the base models that they were learnt on."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from contracts.answers import Answer, Time
from contracts.declarations import about
from contracts.metrics import MetricSpread
from contracts.pages import Page
from contracts.sampling import SamplingDefaults
from contracts.terms import Commercial, LicenceText, ModelStage, Restricted, Retires, YesOrNo

Owner = Annotated[
    Literal["client", "house"], about("client: it is the asking client's; house: of the account's own people, for all")
]
Approval = Annotated[
    Literal["approved", "rejected", "pending", "unknown"],
    about("of its model package; pending: a person has to decide; unknown: the package is gone"),
]
Means = Annotated[str | None, about("style@version that the bare name means; null: it means nothing")]
Before = Annotated[str | None, about("what the bare name meant before, to which it can be rolled back")]
Size = Annotated[int, about("of all files", unit="bytes")]


class ListedStyle(Answer):
    """A style with a published version."""

    style: str
    owner: Owner
    promoted: Means
    previous: Before
    versions: Annotated[int, about("published versions")]
    size: Size


class StylePage(Page):
    """Styles, by name."""

    results: list[ListedStyle]


class _Version(Answer):
    style: str
    version: Annotated[str, about("style@version")]
    number: Annotated[int, about("of the model package, too")]
    published: Annotated[bool, about("whether predictions can name it; it is not while it waits for approval")]
    promoted: Annotated[bool, about("whether the style's bare name means it")]
    approval: Approval
    reason: Annotated[str | None, about("what was said with the decision")]
    created_at: Annotated[Time | None, about("when training, or an import, ended")]
    method: str
    task: str
    base_model: Annotated[str, about("name@revision")]
    licence: Annotated[str | None, about("of its weights, as who imported it said; null: its base model's")]
    commercial: Annotated[
        YesOrNo | None,
        about(
            "whether its pictures may be used commercially: never more than its base model's; null where it is not known: of what is "
            "not published, and of what was made before this was kept"
        ),
    ]
    restricted: Annotated[
        bool | None, about("whether the licence of its base model forbids some uses; null as commercial is")
    ]
    imported: Annotated[bool, about("whether it was trained elsewhere; then nothing evaluated it")]
    training: Annotated[str | None, about("id of the training that made it")]
    size: Annotated[int | None, about("of all files; null where none is published", unit="bytes")]
    metrics: Annotated[Mapping[str, float], about("as the evaluation measured them")]


class StyleVersion(_Version):
    """One version of a style."""


class WholeStyle(Answer):
    """A style: what its name means, and its newest versions, those that wait for approval too."""

    style: str
    owner: Owner
    promoted: Means
    previous: Before
    versions_in_all: Annotated[int, about("of which versions has the newest")]
    versions: Annotated[list[StyleVersion], about("the newest first")]


class LinkedFile(Answer):
    """A file, with a presigned address that reads it for an hour."""

    name: str
    size: Annotated[int, about("of the file", unit="bytes")]
    url: str


class VersionCard(_Version):
    """All that is known of a version. What its evaluation left is kept for the stage's `run_days`; then its addresses are gone."""

    instance_prompt: Annotated[str | None, about("words that call the style; null where it is not published")]
    class_prompt: str | None
    target: Annotated[str | None, about("what was masked")]
    hyperparameters: Annotated[Mapping[str, Any], about("as used")]
    dataset_sha256: Annotated[str | None, about("hash of the dataset's listing")]
    code_version: str | None
    spread: Annotated[
        Mapping[str, MetricSpread],
        about("by metric, of how many pictures it is and how far apart they are; empty where that is not kept"),
    ]
    comparison: Annotated[str | None, about("with the version that was in service, in words")]
    files: Annotated[list[LinkedFile], about("the published ones: the adapter's weights, or a whole model's")]
    report: Annotated[str | None, about("presigned address of report.html, which needs no other file")]
    pictures: Annotated[list[LinkedFile], about("that the evaluation painted, and sheet.png and loss.png")]


class ComparedMetric(Answer):
    """One metric of several versions."""

    name: str
    meaning: str
    better: Literal["higher", "lower"]
    values: Annotated[Mapping[str, float], about("by style@version, of those that were measured")]
    best: Annotated[list[str], about("the style@versions with the best value")]


class ComparedPicture(Answer):
    """One picture as several versions painted it."""

    name: str
    urls: Annotated[Mapping[str, str], about("presigned addresses by style@version, for an hour")]


class Comparison(Answer):
    """Versions of a style side by side, in the order asked for. Metrics compare versions of one dataset."""

    style: str
    same_dataset: Annotated[bool, about("whether all were measured on the same files")]
    versions: list[StyleVersion]
    metrics: list[ComparedMetric]
    pictures: list[ComparedPicture]


class BaseRevision(Answer):
    """One revision of a base model that the stage has."""

    name: str
    revision: str
    reference: Annotated[str, about("name@revision")]
    family: str
    task: str
    licence: Annotated[str, about("of its weights")]
    licence_text: LicenceText
    commercial: Commercial
    restricted: Restricted
    stage: ModelStage
    retires: Retires
    resolution: Annotated[int, about("side that it paints at", unit="pixels")]
    defaults: Annotated[SamplingDefaults, about("how it samples where a prediction says nothing")]
    fast: Annotated[SamplingDefaults | None, about("how it samples where a prediction says fast; null: it does not")]
    methods: Annotated[list[str], about("how styles are learnt on it; none: it is no model that paints")]
    served: Annotated[bool, about("whether predictions without a style are painted by it")]
    pretrained: Annotated[bool, about("whether a pretraining of this stage made it")]
    size: Size


class BaseModelPage(Page):
    """Base models, by name and revision."""

    results: list[BaseRevision]


class NamedBaseModel(Answer):
    """A base model, by its revisions."""

    name: str
    revisions: list[BaseRevision]
