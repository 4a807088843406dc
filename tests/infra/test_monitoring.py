"""Somebody hears: every alarm tells the topic, which may be told, and says where to read what to do."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App

from infra.application import add_stacks, feature_flags
from infra.config import STAGES
from infra.monitoring.alarms import RUNBOOK
from infra.settings.watching import Watching
from infra.standing_costs import standing
from tests.infra.conftest import Synthesized
from tests.infra.definition import text

TELLS_NOBODY = {"WakeAlarm", "RolloutFailures"}
"""Alarms that only scale, or roll an update back."""


def alarms(stage: Synthesized) -> dict[str, dict[str, Any]]:
    """The alarms that tell people, by logical id."""
    every = stage.resources("AWS::CloudWatch::Alarm")
    return {name: each["Properties"] for name, each in every.items() if not any(t in name for t in TELLS_NOBODY)}


def test_every_alarm_tells_the_topic_that_people_subscribe_to(stage: Synthesized) -> None:
    assert len(alarms(stage)) >= 15
    for name, alarm in alarms(stage).items():
        assert any("News" in json.dumps(action) for action in alarm["AlarmActions"]), name


def test_every_alarm_names_its_section_of_the_runbook(stage: Synthesized, root: Path) -> None:
    headings = [
        line.lstrip("# ").rstrip()
        for line in (root / RUNBOOK).read_text(encoding="utf-8").splitlines()
        if line[:1] == "#"
    ]
    for name, alarm in alarms(stage).items():
        _, named, section = alarm["AlarmDescription"].partition(f"What to do: {RUNBOOK}, ")
        assert named, name
        assert section in headings, name


@pytest.mark.parametrize("service", ["cloudwatch.amazonaws.com", "budgets.amazonaws.com"])
def test_the_topic_and_its_key_let_a_service_publish(stage: Synthesized, service: str) -> None:
    """Without both the alarm goes off and its message is refused, which shows nowhere but in the alarm's history."""
    policies = [each["Properties"] for each in stage.resources("AWS::SNS::TopicPolicy", "Training").values()]
    key = stage.key["KeyPolicy"]
    for document, actions in (
        *((policy["PolicyDocument"], {"sns:Publish"}) for policy in policies),
        (key, {"kms:Decrypt", "kms:GenerateDataKey*"}),
    ):
        allowed = [s for s in document["Statement"] if s["Effect"] == "Allow" and service in json.dumps(s["Principal"])]
        granted = {a for s in allowed for a in (s["Action"] if isinstance(s["Action"], list) else [s["Action"]])}
        assert actions <= granted


def test_every_handler_that_nobody_waits_for_has_a_dead_letter_queue_and_an_alarm(stage: Synthesized) -> None:
    asynchronous = [
        text(each["Properties"]["FunctionName"]) for each in stage.resources("AWS::Lambda::EventInvokeConfig").values()
    ]
    called = {
        text(target["Arn"]).removesuffix("-Arn")
        for rule in stage.resources("AWS::Events::Rule").values()
        for target in rule["Properties"]["Targets"]
    } | {
        text(each["Properties"]["Endpoint"]).removesuffix("-Arn")
        for each in stage.resources("AWS::SNS::Subscription").values()
    }
    assert len(asynchronous) == len(called) == (8 if STAGES[stage.name].network else 9)


def test_events_that_cannot_be_delivered_are_kept(stage: Synthesized) -> None:
    for rule in stage.resources("AWS::Events::Rule").values():
        assert all("DeadLetterConfig" in target for target in rule["Properties"]["Targets"])
    for subscription in stage.resources("AWS::SNS::Subscription").values():
        assert subscription["Properties"].get("RedrivePolicy") or subscription["Properties"]["Protocol"] == "email"
    queues = stage.resources("AWS::SQS::Queue").values()
    assert {queue["Properties"]["MessageRetentionPeriod"] for queue in queues} == {14 * 86_400}


def test_the_dashboard_is_json_that_fits_its_grid(stage: Synthesized) -> None:
    widgets = json.loads(text(stage.one("AWS::CloudWatch::Dashboard")["DashboardBody"]))["widgets"]
    assert all(widget["x"] + widget["width"] <= 24 for widget in widgets)
    places = [(widget["x"], widget["y"]) for widget in widgets]
    assert len(set(places)) == len(places)
    titles = [widget["properties"]["title"] for widget in widgets]
    assert {"Alarms", "Queue", "Instances", "Errors", "Runs", "Predictions"} <= set(titles)
    assert any(title.startswith("Dollars a prediction") for title in titles)


def test_the_costs_count_every_alarm(stage: Synthesized) -> None:
    """An alarm costs as many times as it has metrics; target tracking makes two of its own."""
    made = stage.resources("AWS::CloudWatch::Alarm").values()
    metrics = [
        [m for m in each["Properties"].get("Metrics", [{"MetricStat": {}}]) if "MetricStat" in m] for each in made
    ]
    count = sum(map(len, metrics)) + 2
    assert f"{count} alarms" in [item.what for item in standing(STAGES[stage.name])]


def test_the_costs_count_every_rule_of_the_web_acl(stage: Synthesized) -> None:
    rules = [len(acl["Properties"]["Rules"]) for acl in stage.resources("AWS::WAFv2::WebACL").values()]
    items = [item.what for item in standing(STAGES[stage.name]) if item.what.startswith("web ACL")]
    assert items == [f"web ACL, {count} rules" for count in rules]


def test_a_contact_and_a_budget_are_stage_data(stage: Synthesized) -> None:
    watching = STAGES[stage.name].watching
    assert bool(stage.resources("AWS::Budgets::Budget")) == bool(watching.monthly_dollars)
    emails = [
        s
        for s in stage.resources("AWS::SNS::Subscription", "Monitoring").values()
        if s["Properties"]["Protocol"] == "email"
    ]
    assert bool(emails) == bool(watching.contact)


def test_an_address_on_the_command_line_subscribes_to_the_news(tmp_path: Path) -> None:
    watching = Watching().with_context({"contact": "team@example.com"}.get)
    app = App(context=feature_flags(), outdir=str(tmp_path))
    add_stacks(app, replace(STAGES["local"], watching=watching))
    resources = app.synth().get_stack_artifact("Monitoring").template["Resources"]
    assert resources["Contact"]["Properties"]["Endpoint"] == "team@example.com"


@pytest.mark.parametrize("change", [{"contact": "nobody"}, {"monthly_dollars": -1}])
def test_a_wrong_contact_or_budget_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"watching\."):
        Watching(**change)
