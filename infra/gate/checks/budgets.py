"""The budget: the stage's number of dollars a month, of what carries the stage's tag, told to a topic that may be told."""

from collections.abc import Iterator

from infra.config import STAGES
from infra.gate.assembly import Assembly, Resource
from infra.gate.finding import Finding
from infra.gate.sources import Sources

_NAME = "budgets"
_KINDS = {"ACTUAL", "FORECASTED"}


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    stage = STAGES.get(assembly.stage)
    dollars = stage.watching.monthly_dollars if stage else 0
    budgets = assembly.of("AWS::Budgets::Budget")
    if dollars and not budgets:
        wrong = f"the stage has a budget of {dollars} dollars a month, and no AWS::Budgets::Budget watches it"
        yield Finding(
            place=f"{assembly.stage} Monitoring/Budget",
            check=_NAME,
            wrong=wrong,
            remedy="Add infra/monitoring/budget.py's",
        )
    for budget in budgets:
        for wrong, remedy in (*_limit(budget, dollars, assembly.stage), *_told(assembly, budget)):
            yield budget.finding(_NAME, wrong, remedy)


def _limit(budget: Resource, dollars: int, stage: str) -> Iterator[tuple[str, str]]:
    properties = budget.properties.get("Budget", {})
    limit = properties.get("BudgetLimit", {})
    got = (properties.get("BudgetType"), properties.get("TimeUnit"), limit.get("Amount"), limit.get("Unit"))
    wanted = ("COST", "MONTHLY", dollars or got[2], "USD")
    if got != wanted or not (got[2] or 0) > 0:
        yield f"it is {got}, the stage says {wanted}", "Take the dollars from the stage's watching.monthly_dollars"
    # https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-create-filters.html
    tag = f"user:atelier:stage${stage}"
    filters = properties.get("CostFilters", {})
    if filters != {"TagKeyValue": [tag]}:
        yield f"it counts {filters}", f"Count what carries the stage's tag: TagKeyValue [{tag}]"


def _told(assembly: Assembly, budget: Resource) -> Iterator[tuple[str, str]]:
    kinds = set()
    for each in budget.properties.get("NotificationsWithSubscribers", []):
        notification = each.get("Notification", {})
        kinds.add(str(notification.get("NotificationType")))
        threshold, unit = notification.get("Threshold", 0), notification.get("ThresholdType", "PERCENTAGE")
        if (
            unit != "PERCENTAGE"
            or not 50 <= threshold <= 100
            or notification.get("ComparisonOperator") != "GREATER_THAN"
        ):
            yield f"it tells at {notification}", "Tell when 50 to 100 percent are exceeded"
        subscribers = each.get("Subscribers", [])
        topics = {found.kind for found in assembly.referenced([one.get("Address", "") for one in subscribers])}
        if {one.get("SubscriptionType") for one in subscribers} != {"SNS"} or topics != {"AWS::SNS::Topic"}:
            yield f"it tells {subscribers or 'nobody'}", "Tell the topic of news, as SNS"
    if kinds != _KINDS:
        yield f"it tells of {', '.join(sorted(kinds)) or 'nothing'}", "Tell of ACTUAL and FORECASTED costs"
