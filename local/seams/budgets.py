"""Adds to CloudFormation the type of a budget, which ministack has as a service only."""

from collections.abc import Callable
from typing import Any

Properties = dict[str, Any]
Created = tuple[str, Properties]  # physical id, attributes for Fn::GetAtt


def budget_type(root_client: Callable[[str], Any]) -> dict[str, Callable[..., Any]]:
    """The handlers of ``AWS::Budgets::Budget``. `root_client(service)` is a boto3 client of the account's root."""

    def account() -> str:
        return str(root_client("sts").get_caller_identity()["Account"])

    def create(logical_id: str, props: Properties, stack: str) -> Created:
        notifications = props.get("NotificationsWithSubscribers", [])
        root_client("budgets").create_budget(
            AccountId=account(), Budget=_budget(props), NotificationsWithSubscribers=notifications
        )
        return props["Budget"]["BudgetName"], {}

    def update(physical_id: str, old: Properties, new: Properties, stack: str) -> Created:
        if old.get("NotificationsWithSubscribers") == new.get("NotificationsWithSubscribers"):
            root_client("budgets").update_budget(AccountId=account(), NewBudget=_budget(new))
            return physical_id, {}
        # Only the budget itself can be updated: CloudFormation replaces it for everything else.
        delete(physical_id, old)
        return create("", new, stack)

    def delete(physical_id: str, props: Properties) -> None:
        root_client("budgets").delete_budget(AccountId=account(), BudgetName=physical_id)

    return {"create": create, "update": update, "delete": delete}


def _budget(props: Properties) -> Properties:
    """The budget as the API takes it: templates write its limit as a number, the API as text."""
    limit = props["Budget"]["BudgetLimit"]
    return {**props["Budget"], "BudgetLimit": {**limit, "Amount": str(limit["Amount"])}}
