"""The gate and sources: what a handler reads, calls and waits for is followed from file to file."""

import subprocess
from pathlib import Path

import pytest

from infra.gate.calls import calls
from infra.gate.leaks import leaks
from infra.gate.sources import Sources
from tests.infra.conftest import Synthesized
from tests.infra.mutants import asked

GATEWAYS = "lambdas/atelier_ops/gateways"
CREDENTIALS = "lambdas/atelier_ops/logic/credentials.py"
DEFECTS = [
    # file, text, instead, the check, and what it says
    (
        "lambdas/atelier_ops/handlers/gate.py",
        "    data_bucket: str\n",
        "    date_bucket: str\n",
        "handler environment",
        "reads DATE_BUCKET",
    ),
    (
        "lambdas/atelier_ops/handlers/gate.py",
        "def handler(",
        "def handle(",
        "handler environment",
        "no function called handler",
    ),
    (f"{GATEWAYS}/topic.py", ".publish(TopicArn", ".publish(Topic", "handler requests", "got Topic;"),
    (
        f"{GATEWAYS}/topic.py",
        'client("sns").publish',
        'client("sns").publsh',
        "handler requests",
        "no operation publsh",
    ),
    (f"{GATEWAYS}/topic.py", 'client("sns")', 'client("snss")', "handler requests", "no service snss"),
    (f"{GATEWAYS}/storage.py", "Key=key, Body=body,", "Body=body,", "handler requests", "Key is missing"),
    (
        f"{GATEWAYS}/inference.py",
        "WAIT_IN_QUEUE = 21_600",
        "WAIT_IN_QUEUE = 99_999",
        "handler requests",
        "RequestTTLSeconds: got 99999",
    ),
    (
        f"{GATEWAYS}/records.py",
        '"ConditionalCheckFailedException"',
        '"ConditionalCheckFailed"',
        "handler requests",
        "dynamodb never answers ConditionalCheckFailed",
    ),
    (f"{GATEWAYS}/records.py", '"expires_at": {"N"', '"ends_at": {"N"', "lifetimes", ""),
    (
        f"{GATEWAYS}/registry.py",
        "describe_model_package(",
        "list_model_packages(",
        "handler rights",
        "ListModelPackages",
    ),
    (
        "lambdas/atelier_ops/logic/approval.py",
        "SECONDS_TO_DECIDE = 7",
        "SECONDS_TO_DECIDE = 1",
        "lifetimes",
        "RequestApproval",
    ),
    (
        "lambdas/atelier_ops/logic/uploads.py",
        "URL_SECONDS = 3_600",
        "URL_SECONDS = 360_000",
        "lifetimes",
        "is 360000 s",
    ),
    (
        "lambdas/atelier_ops/errors.py",
        "class EndpointBusyError",
        "class BusyError",
        "machine errors",
        "EndpointBusyError",
    ),
    (
        f"{GATEWAYS}/registry.py",
        '["ModelPackageArn"]',
        '["ModelPackageARN"]',
        "handler answers",
        "has no ModelPackageARN",
    ),
    (f"{GATEWAYS}/records.py", '"expires_at": {"N"', '"expires": {"N"', "lifetimes", "which no record has"),
    (f"{GATEWAYS}/workflow.py", '"send_task_success"', '"send_tasks"', "handed operations", "has no operation"),
    ("lambdas/atelier_ops/logic/approval.py", '== "Approved"', '== "Yes"', "words of services", "status names Yes"),
    (
        "lambdas/atelier_ops/logic/notification.py",
        '["Sns"]',
        '["SNS"]',
        "heard events",
        "no event of that kind has SNS",
    ),
    ("contracts/layout.py", '"latest.json"', '"now.json"', "keys", "and was 'latest.json'"),
    (
        "lambdas/atelier_ops/handlers/promote.py",
        '{"promotion":',
        '{"made":',
        "handler promises",
        "it answers left, made",
    ),
    ("lambdas/atelier_ops/observability.py", '= "Atelier"', '= "Ours"', "counted", "NAMESPACE is Ours"),
    ("lambdas/atelier_ops/logic/api.py", '"cancel_training"', '"stop"', "routes", "nothing answers cancel_training"),
    (CREDENTIALS, '{"usageIdentifierKey": key}', '{"usageIdentifier": key}', "authorizer answers", "and not {"),
    (CREDENTIALS, '"Allow" if key else "Deny"', '"Allow"', "authorizer answers", "for the headers None"),
    (CREDENTIALS, 'event.get("headers") or {}', 'event["headers"]', "authorizer answers", "it raises"),
    (
        "lambdas/atelier_ops/handlers/authorize.py",
        "    return authorize(event)",
        "    print(event)\n    return authorize(event)",
        "authorizer answers",
        "print may put a client's key into a log",
    ),
    ("lambdas/atelier_ops/handlers/reconcile.py", "30_000", "300_000", "schedules", "it stops with 300000 ms left"),
]


@pytest.mark.parametrize(("file", "old", "new", "check", "wrong"), DEFECTS)
def test_a_defect_of_a_source_is_named(
    dev: Synthesized, root: Path, file: str, old: str, new: str, check: str, wrong: str
) -> None:
    before = asked(check, dev.assembly, root)
    found = asked(check, dev.assembly, root, (file, old, new))
    if wrong:
        assert any(wrong in each.wrong for each in found), found
    assert before == []


def test_a_secret_in_a_file_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "settings.py").write_text('\nkey = "AKIA' + 'QYLPMN5HHHFPZZZZ"\n', encoding="utf-8")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["git", "add", "settings.py"], cwd=tmp_path, check=True)
    assert [(each.place, each.wrong) for each in leaks(tmp_path)] == [
        ("settings.py:2", "it looks like a secret (AWS Access Key)")
    ]


def test_calls_are_followed_through_gateways_logic_and_the_api_s_table(root: Path) -> None:
    reached = calls(Sources.below(root))
    assert {call.operation for call in reached.of("gate")} == {"GetObject"}
    assert {"InvokeEndpointAsync", "CreateModelPackage", "StopExecution"} <= {c.operation for c in reached.of("api")}
    assert {"DescribeTrainingJob", "DescribeProcessingJob"} <= {c.operation for c in reached.of("record_failure")}
    assert {"CreateModel", "CreateEndpointConfig"} <= {c.operation for c in reached.of("deploy_endpoint")}
