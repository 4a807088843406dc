"""What a stage costs a month while nobody uses it, item by item."""

from dataclasses import dataclass

from contracts.machines import has_gpu
from contracts.prices import DOLLARS_PER_HOUR
from infra.monitoring.alarms import alarms
from infra.monitoring.watched import WatchedStage
from infra.quotas import machine_types
from infra.settings.stage import Stage

HOURS_PER_MONTH = 730
KEY_DOLLARS = 1.0
ALARM_DOLLARS = 0.10
"""A metric that an alarm watches; the first ten of an account are free."""
DASHBOARD_DOLLARS = 3.0
"""The first three of an account are free."""
REGISTRY_DOLLARS_PER_GB = 0.10
STORAGE_DOLLARS_PER_GB = 0.023
FIREWALL_DOLLARS, RULE_DOLLARS = 5.0, 1.0
"""A web ACL, and each of its rules; from memory of AWS WAF's price list, not read anew."""
FIREWALL_RULES = 4
INTERFACE_DOLLARS_PER_HOUR = 0.01
"""An interface endpoint in one zone; what passes through it is $0.01 a GB, which is cents: pictures and models take the free gateways."""
STYLE_ENDPOINT_ALARMS = 5
"""Of a version's own endpoint: those of its scaling."""

CPU_IMAGES_GB, GPU_IMAGES_GB = 2.0, 10.0
"""Both images in the registry, which keeps the layers that they share once. Estimates: nobody here could push them. Each deployment of
changed dependencies adds their layer again until somebody deletes the old images."""

_ENDPOINT_ALARMS = 6
# Target tracking makes two alarms, waking from zero has one, and so has the rollback of an update; that of an idle fleet compares two
# metrics, and each is paid.

_REAL_TIME_ALARMS = 3
# One that follows its requests has the two of target tracking, and the rollback's.

_MODEL_GB = {"clipseg": 0.6, "sd1": 2.1, "sd2": 2.6, "upscaler": 1.8, "sdxl": 6.9}
"""The half-precision weights of a family's model, roughly; the tiny ones are megabytes."""


@dataclass(frozen=True, kw_only=True)
class StandingCost:
    """US dollars a month for ``what``."""

    what: str
    dollars: float


def standing(stage: Stage) -> list[StandingCost]:
    """Everything that is paid for while no request comes."""
    serving = stage.serving
    watched = len(alarms(_things(stage))) + (_REAL_TIME_ALARMS if serving.is_real_time else _ENDPOINT_ALARMS)
    images = GPU_IMAGES_GB if any(map(has_gpu, machine_types(stage))) else CPU_IMAGES_GB
    models = sum(_MODEL_GB[entry.family] for entry in stage.models if not entry.name.startswith("tiny-"))
    items = [
        StandingCost(what="encryption key", dollars=KEY_DOLLARS),
        *([StandingCost(what="marking key", dollars=KEY_DOLLARS)] if stage.provenance.marked else []),
        *([StandingCost(what="signing key", dollars=KEY_DOLLARS)] if stage.provenance.signed else []),
        StandingCost(what=f"{watched} alarms", dollars=watched * ALARM_DOLLARS),
        StandingCost(what="dashboard", dollars=DASHBOARD_DOLLARS),
        StandingCost(what=f"images, about {images:g} GB", dollars=images * REGISTRY_DOLLARS_PER_GB),
        StandingCost(what=f"base models, about {models:.1f} GB", dollars=models * STORAGE_DOLLARS_PER_GB),
    ]
    hour = DOLLARS_PER_HOUR.get(serving.instance, 0.0)
    if stage.api.most_from_one_address:
        dollars = FIREWALL_DOLLARS + FIREWALL_RULES * RULE_DOLLARS
        items.append(StandingCost(what=f"web ACL, {FIREWALL_RULES} rules", dollars=dollars))
    if stage.network:
        ways, zones = len(stage.interfaces), len(stage.network.zones)
        dollars = ways * zones * INTERFACE_DOLLARS_PER_HOUR * HOURS_PER_MONTH
        items.append(StandingCost(what=f"{ways} interface endpoints, {zones} zones", dollars=dollars))
    if serving.fewest_instances:
        awake = serving.fewest_instances * HOURS_PER_MONTH * hour
        items.append(
            StandingCost(what=f"{serving.fewest_instances} x {serving.instance} that never sleep", dollars=awake)
        )
    if (hours := serving.office_hours) is not None:
        more = hours.instances - serving.fewest_instances
        awake = more * hour * HOURS_PER_MONTH * hours.hours_a_week / (7 * 24)
        items.append(StandingCost(what=f"{more} x {serving.instance} in office hours", dollars=awake))
    return items


_HANDLERS = (
    *("api", "inference_result", "reconcile", "settle"),
    *("record_failure", "report_stop", "expire_logs", "delete_styles", "delete_people", "settle_batches"),
)
"""Those that an alarm watches in every stage."""


def _things(stage: Stage) -> WatchedStage:
    """As many things as a stage has, to count their alarms."""
    more = () if stage.webhooks == "none" else ("deliver_webhooks",)
    if stage.serving.is_real_time:
        more = (*more, "ask_endpoint")
    if not stage.api.signed:
        more = (*more, "authorize")
    return WatchedStage(
        service="",
        endpoint="",
        instance_type="",
        api="",
        functions=dict.fromkeys((*_HANDLERS, *more), ""),
        queues=dict.fromkeys(("answers", "training", *(("asking",) if stage.serving.is_real_time else ())), ""),
        machines=dict.fromkeys(("workflow", "pretraining", "batches"), ""),
        real_time=stage.serving.is_real_time,
    )
