"""A monthly budget of the stage's own costs: the topic hears when they reach, or are forecast to reach, what was meant."""

from collections.abc import Mapping
from typing import Any

ACTUAL_PERCENT = 80
FORECAST_PERCENT = 100


def budget(name: str, tags: Mapping[str, str], dollars: int, topic_arn: str) -> dict[str, Any]:
    """The budget as CloudFormation spells it.

    It counts what carries the stage's tag, once the tag is activated for cost allocation (docs/runbook.md); until then it counts nothing.
    """
    key, value = next(iter(tags.items()))
    return {
        "Budget": {
            "BudgetName": name,
            "BudgetType": "COST",
            "TimeUnit": "MONTHLY",
            "BudgetLimit": {"Amount": dollars, "Unit": "USD"},
            # https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-create-filters.html
            "CostFilters": {"TagKeyValue": [f"user:{key}${value}"]},
        },
        "NotificationsWithSubscribers": [
            _notification("ACTUAL", ACTUAL_PERCENT, topic_arn),
            _notification("FORECASTED", FORECAST_PERCENT, topic_arn),
        ],
    }


def _notification(kind: str, percent: int, topic_arn: str) -> dict[str, Any]:
    return {
        "Notification": {
            "NotificationType": kind,
            "ComparisonOperator": "GREATER_THAN",
            "Threshold": percent,
            "ThresholdType": "PERCENTAGE",
        },
        "Subscribers": [{"SubscriptionType": "SNS", "Address": topic_arn}],
    }
