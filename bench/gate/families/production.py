"""What only production has: office hours, a canary, several types of instances, a firewall."""

from collections.abc import Sequence
from functools import partial

from bench.gate.changes import drop, put
from bench.gate.mutant import Defect

_TARGET, _ENDPOINT = "Serving/EndpointScalingTarget", "Serving/EndpointEndpoint"
_OPEN, _CLOSE = "Properties.ScheduledActions.0", "Properties.ScheduledActions.1"
_UPDATE = "Properties.DeploymentConfig.BlueGreenUpdatePolicy"
_ROUTING = f"{_UPDATE}.TrafficRoutingConfiguration"
_prod = partial(Defect, stage="prod")

MUTANTS: Sequence[Defect] = (
    _prod(name="office hours never end", at=_TARGET, change=drop(_CLOSE)),
    _prod(
        name="office hours begin when they end", at=_TARGET, change=put(f"{_OPEN}.Schedule", "cron(0 20 ? * MON-FRI *)")
    ),
    _prod(
        name="a schedule says two kinds of days", at=_TARGET, change=put(f"{_OPEN}.Schedule", "cron(0 8 * * MON-FRI *)")
    ),
    _prod(name="a schedule has five fields", at=_TARGET, change=put(f"{_OPEN}.Schedule", "cron(0 8 ? * MON-FRI)")),
    _prod(name="a schedule's time zone is misspelt", at=_TARGET, change=put(f"{_OPEN}.Timezone", "Europe/Berlinn")),
    _prod(
        name="office hours ask for more than there may be",
        at=_TARGET,
        change=put(f"{_OPEN}.ScalableTargetAction.MinCapacity", 9),
    ),
    _prod(name="two schedules have one name", at=_TARGET, change=put(f"{_CLOSE}.ScheduledActionName", "open")),
    _prod(
        name="scaling is suspended",
        at=_TARGET,
        change=put("Properties.SuspendedState", {"DynamicScalingOutSuspended": True}),
    ),
    _prod(name="a canary is most of the fleet", at=_ENDPOINT, change=put(f"{_ROUTING}.CanarySize.Value", 2)),
    _prod(name="a canary has no size", at=_ENDPOINT, change=drop(f"{_ROUTING}.CanarySize")),
    _prod(name="a canary is not watched", at=_ENDPOINT, change=put(f"{_ROUTING}.WaitIntervalInSeconds", 0)),
    _prod(name="a rollout has no time", at=_ENDPOINT, change=put(f"{_UPDATE}.MaximumExecutionTimeoutInSeconds", 1800)),
    _prod(
        name="nothing rolls an update back",
        at=_ENDPOINT,
        change=drop("Properties.DeploymentConfig.AutoRollbackConfiguration"),
    ),
)
