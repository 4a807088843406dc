"""What only production has: office hours, a canary, several types of instances, a firewall."""

from collections.abc import Sequence
from functools import partial

from bench.gate.changes import drop, put, swap
from bench.gate.mutant import Defect

_TARGET, _ENDPOINT = "Serving/EndpointScalingTarget", "Serving/EndpointEndpoint"
_OPEN, _CLOSE = "Properties.ScheduledActions.0", "Properties.ScheduledActions.1"
_UPDATE = "Properties.DeploymentConfig.BlueGreenUpdatePolicy"
_ROUTING = f"{_UPDATE}.TrafficRoutingConfiguration"
_ACL, _RATE = "Api/RestFirewallAcl", "Properties.Rules.0.Statement.RateBasedStatement"
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
    _prod(name="the web ACL blocks everybody", at=_ACL, change=put("Properties.DefaultAction", {"Block": {}})),
    _prod(name="the web ACL counts and blocks nobody", at=_ACL, change=put("Properties.Rules.0.Action", {"Count": {}})),
    _prod(name="the web ACL lets another number through", at=_ACL, change=put(f"{_RATE}.Limit", 10)),
    _prod(name="the web ACL names a group that is not there", at=_ACL, change=swap("IpReputation", "IPReputation")),
    _prod(
        name="the web ACL blocks pictures", at=_ACL, change=swap("SizeRestrictions_BODY", "SizeRestrictions_URIPATH")
    ),
    _prod(name="the web ACL stands before nothing", at="Api/RestFirewallAssociation"),
    _prod(name="the web ACL's log holds keys", at="Api/RestFirewallLogging", change=drop("Properties.RedactedFields")),
    _prod(
        name="the fleet starts with another number",
        at="Serving/EndpointConfig",
        change=put("Properties.ProductionVariants.0.InitialInstanceCount", 4),
    ),
)
