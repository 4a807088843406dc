"""Waiting for a person to approve a model package, and going on when they have decided."""

from atelier_ops.gateways.records import WAITING, Record, Records
from atelier_ops.gateways.workflow import Tokens
from contracts.plan import AnyPlan

SECONDS_TO_DECIDE = 7 * 86_400
"""The state machine's own timeout of the state."""

LONGEST_WAIT = SECONDS_TO_DECIDE + 86_400
"""Seconds the record of a waiting run is kept."""

REJECTED = "ModelPackageRejected"


def waiting(package: str, token: str, execution: str, now: int) -> Record:
    """The record that lets an approval find its run."""
    return Record(
        key=approval_key(package),
        status=WAITING,
        expires_at=now + LONGEST_WAIT,
        data={"token": token, "execution": execution},
    )


def approval_key(package: str) -> str:
    """Where the token of a package's run lies."""
    return f"approval#{package}"


def settle_approval(package: str, status: str, reason: str, records: Records, tokens: Tokens) -> str:
    """Let the run that waits for ``package`` go on, or fail; says what it did. Harmless when repeated or late."""
    if status not in {"Approved", "Rejected"}:
        return f"{package} is {status}: still waiting"
    record = records.get(approval_key(package))
    if record is None:
        return f"{package} is {status}: no run waits for it"
    token = record.data["token"]
    if status == "Approved":
        reached = tokens.succeed(token, {"package": package, "status": status})
    else:
        reached = tokens.fail(token, REJECTED, f"{package}: rejected{f': {reason}' if reason else ''}")
    records.remove(record)
    return f"{package} is {status}: run {record.data['execution']} {'goes on' if reached else 'no longer waits'}"


def request_message(plan: AnyPlan, package: str) -> tuple[str, str]:
    """Subject and text of the message that asks for a decision, with the commands that decide."""
    region = package.split(":")[3]
    command = f"aws sagemaker update-model-package --region {region} --model-package-arn {package}"
    what = plan.subject
    text = f"""{what[0].upper()}{what[1:]} was trained by run {plan.execution} and waits for approval (7 days).

Report (pictures and metrics): {plan.runs["evaluate"]}report.html

Approve:
{command} --model-approval-status Approved

Reject:
{command} --model-approval-status Rejected --approval-description "why"
"""
    return f"Atelier: approve {what}?", text
