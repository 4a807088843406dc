"""Stages: what they allow, what they refuse and how they say so."""

import dataclasses
import re
from typing import Any

import pytest

import app
from atelier_ops.logic import needs as sizing
from contracts.batching import FEWEST_AT_ONCE, ROWS
from contracts.hyperparameters import Hyperparameters
from contracts.machines import has_efa, has_gpu
from contracts.training_table import TABLE
from infra.config import STAGES, stage_named
from infra.context import read
from infra.costs import hourly, idle_per_month, report
from infra.quotas import machine_types, quotas
from infra.settings.api import Api, Throttle
from infra.settings.jobs import JobSettings
from infra.settings.office_hours import OfficeHours
from infra.settings.placement import Placement
from infra.settings.pretraining import Lustre, Pretraining
from infra.settings.serving import Serving
from infra.settings.stage import Stage
from infra.standing_costs import standing
from infra.work_costs import (
    STYLE_PICTURES,
    WAKE_MINUTES,
    pictures_dollars,
    style_dollars,
    style_estimate,
    style_minutes,
    update_dollars,
)
from tests.unit.ops_stage import base_manifest
from tests.unit.test_ops_needs import ListedFiles

DEV = STAGES["dev"]
HOURS = OfficeHours(instances=3, days="MON-FRI", from_hour=8, until_hour=20, timezone="Asia/Seoul")
LUSTRE = Lustre(file_system="fs-01234567", directory="/data", vpc="vpc-01234567", subnet="subnet-01234567")


def test_the_stages_that_the_docs_speak_of_are_there() -> None:
    assert {"local", "trial", "dev", "prod"} <= STAGES.keys()


def test_an_unknown_stage_is_named_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"stage: got 'live'; allowed: local \| trial \| dev \|"):
        stage_named("live")


def test_containers_get_enough_requests_at_a_time_for_full_calls_of_the_model() -> None:
    assert all(stage.serving.concurrency >= 2 * ROWS for stage in STAGES.values())


def test_trial_needs_no_gpu() -> None:
    assert not [name for name in machine_types(STAGES["trial"]) if has_gpu(name)]


def test_gpu_hosts_that_train_together_have_the_fast_network() -> None:
    assert all(
        has_efa(stage.pretraining.train_instance)
        for stage in STAGES.values()
        if has_gpu(stage.pretraining.train_instance)
    )


@pytest.mark.parametrize(
    ("part", "change", "message"),
    [
        (DEV.jobs, {"training_instance": "g5.xlarge"}, r"jobs.training_instance: got 'g5.xlarge'; allowed: an ML"),
        (DEV.jobs, {"most_wait_seconds": 60}, r"jobs.most_wait_seconds: got 60; allowed: at least"),
        (DEV.jobs, {"most_wait_seconds": None}, r"jobs.most_wait_seconds: got nothing; allowed: at least"),
        (DEV.jobs, {"spot": False}, r"jobs.most_wait_seconds: got 28800; allowed: nothing, unless spot is on"),
        (DEV.jobs, {"most_training_seconds": 5}, r"jobs.most_training_seconds: got 5; allowed: 60 to"),
        (DEV.jobs, {"volume_gib": 0}, r"jobs.volume_gib: got 0"),
        (DEV.pretraining, {"train_instance": "ml.g5.xlarge"}, r"allowed: a type with EFA, such as ml.p4d.24xlarge"),
        (DEV.pretraining, {"shard_instances": 0}, r"pretraining.shard_instances: got 0; allowed: 1 to 64"),
        (DEV.pretraining, {"keep_alive_seconds": 7200}, r"keep_alive_seconds: got 7200; allowed: 0 to 3600"),
        (DEV.pretraining, {"input_mode": "FSx"}, r"input_mode: got 'FSx'; allowed: File .* FSx needs lustre"),
        (DEV.pretraining, {"most_training_seconds": 9}, r"pretraining.most_training_seconds: got 9"),
        (LUSTRE, {"file_system": "fs-1"}, r"lustre.file_system: got 'fs-1'"),
        (DEV.serving, {"fewest_instances": 3}, r"serving instances: got \[3, 2\]"),
        (DEV.serving, {"startup_seconds": 5}, r"serving.startup_seconds: got 5; allowed: 60 to 3600"),
        (DEV.serving, {"fallbacks": ("ml.m5.xlarge",)}, r"fallbacks: got 'ml.m5.xlarge'; allowed: types with a GPU"),
        (DEV.serving, {"fallbacks": ("ml.g4dn.xlarge", "g5")}, r"serving.fallbacks: got 'g5'; allowed: an ML"),
        (DEV.serving, {"fallbacks": ("ml.g6.xlarge",) * 5}, r"serving.fallbacks: got 5; allowed: 0 to 4"),
        (DEV.serving, {"elsewhere": {"eu-west-1": ("g5",)}}, r"elsewhere\['eu-west-1'\]: got 'g5'; allowed: an ML"),
        (DEV.serving, {"elsewhere": {"eu-west-1": ()}}, r"elsewhere\['eu-west-1'\]: got \[\]; allowed: at least one"),
        (DEV.serving, {"first_instances": 3}, r"serving.first_instances: got 3; allowed: 1 to 2"),
        (DEV.serving, {"office_hours": HOURS}, r"office_hours.instances: got 3; allowed: fewest_instances \(0\) to"),
        (HOURS, {"days": "weekdays"}, r"office_hours.days: got 'weekdays'; allowed: MON-FRI"),
        (HOURS, {"until_hour": 8}, r"office_hours.until_hour: got 8; allowed: 9 to 23"),
        (HOURS, {"timezone": "Seoul"}, r"office_hours.timezone: got 'Seoul'; allowed: a name of the tz database"),
        (DEV.serving, {"concurrency": FEWEST_AT_ONCE - 1}, r"serving.concurrency: got 15; allowed: 16 to 32"),
        (
            DEV.serving,
            {"upscaler": "sd2-inpaint"},
            r"serving.upscaler: got 'sd2-inpaint'; allowed: family upscaler, or",
        ),
        (DEV.serving, {"upscaler": "swin9"}, r"base model: got 'swin9'; allowed: tiny-inpaint"),
        (DEV.api, {"burst": 0}, r"api.burst: got 0; allowed: more than 0"),
        (DEV.api, {"most_from_one_address": 9}, r"api.most_from_one_address: got 9; allowed: at least 10"),
        (DEV.api.trainings, {"burst": 0}, r"throttle.burst: got 0; allowed: more than 0"),
        (DEV.placement, {"account": "dev"}, r"placement.account: got 'dev'; allowed: the 12 digits of an AWS account"),
        (DEV.placement, {"region": "Ireland"}, r"placement.region: got 'Ireland'; allowed: a region such as eu-west-1"),
        (DEV.placement, {"owner": "a,b"}, r"placement.owner: got 'a,b'; allowed: what a tag may hold"),
        (DEV, {"base_models": ()}, r"stage.base_models: got \[\]"),
        (DEV, {"base_models": ("sd9",)}, r"base model: got 'sd9'; allowed: tiny-inpaint"),
        (DEV, {"base_models": ("tiny-clipseg",)}, r"allowed: a model whose task is inpaint"),
        (DEV, {"segmenter": "sd2-inpaint"}, r"stage.segmenter: got 'sd2-inpaint'; allowed: family clipseg"),
        (DEV, {"name": "Dev_1"}, r"stage.name: got 'Dev_1'; allowed: 2 to 15 of a-z, 0-9, a letter first"),
        (
            DEV,
            {"name": "prod-eu"},
            r"no hyphen, because what begins with atelier-prod- is stage prod's to use, expire and",
        ),
        (DEV, {"name": "2nd"}, r"stage.name: got '2nd'"),
        (DEV, {"name": "x" * 16}, r"stage.name: got 'x{16}'"),
        (DEV, {"run_days": 34}, r"stage.run_days: got 34; allowed: at least 35 days: an execution may last 30"),
        (DEV, {"media_days": 0}, r"stage.media_days: got 0; allowed: at least 1 day"),
    ],
)
def test_a_wrong_setting_says_what_it_got_and_what_is_allowed(
    part: OfficeHours | Stage | JobSettings | Pretraining | Lustre | Serving | Api | Throttle | Placement,
    change: dict[str, Any],
    message: str,
) -> None:
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(part, **change)


def test_costs_follow_the_settings() -> None:
    always_on = dataclasses.replace(DEV, serving=dataclasses.replace(DEV.serving, fewest_instances=1))
    prices = dict(re.findall(r"^  ([a-z, -]+?) +ml\S+ +\$(\S+) an hour", report(DEV), re.MULTILINE))
    assert prices == {
        "endpoint awake": f"{1.408:.2f}",
        "fine-tuning": f"{0.35 * (hourly('ml.g5.2xlarge') or 0):.2f}",
        "masks, evaluation": f"{1.408:.2f}",
        "pretraining": f"{2 * 25.25:.2f}",
        "making shards": f"{4 * 0.23:.2f}",
    }
    assert f"about 5 minutes, ${1.408 / 12:.2f} a run" in report(DEV)
    assert f"at most ${2 * 1.408:.2f} (2 instances)" in report(DEV)
    assert idle_per_month(DEV) < 11
    assert idle_per_month(always_on) == pytest.approx(idle_per_month(DEV) + 730 * 1.408)


def test_pictures_cost_their_seconds_the_waking_and_the_idle_tail() -> None:
    hour = hourly("ml.g5.xlarge") or 0
    around = (8 + 20) * 60
    assert pictures_dollars(DEV, 1) == pytest.approx(hour * (around + 5) / 3600)
    assert pictures_dollars(DEV, 1_000) == pytest.approx(hour * (around + 5_000) / 3600)


def test_a_style_costs_what_prepare_says_of_it_and_the_smoke_test_that_wakes_the_endpoint() -> None:
    entry, rows, jobs = DEV.default_model, TABLE[DEV.default_model.name]["parameters"], DEV.jobs
    files = {f"{part}/model.safetensors": 2 * count for part, count in rows.items()}
    base = base_manifest(entry.name, entry.task, family=entry.family, defaults=dict(entry.defaults))
    taken = sizing.needs(base, "lora", Hyperparameters.from_json(entry.training["lora"]), 0, ListedFiles(sizes=files))
    assert taken
    processing = {"instance": jobs.processing_instance}
    train = {"instance": jobs.training_instance, "spot": jobs.spot, "seconds": jobs.most_training_seconds}
    prepared = taken.estimate(STYLE_PICTURES, {"segment": processing, "train": train, "evaluate": processing})
    assert style_estimate(DEV) == prepared
    assert style_dollars(DEV) == pytest.approx((prepared.dollars or 0) + (pictures_dollars(DEV, 1) or 0))
    assert style_minutes(DEV) == pytest.approx((prepared.minutes or 0) + WAKE_MINUTES)
    odd = dataclasses.replace(
        DEV, serving=dataclasses.replace(DEV.serving, instance="ml.c7i.xlarge", pace=(9_000, 900))
    )
    assert style_dollars(odd) is None


def test_an_update_doubles_the_fleet_for_a_while() -> None:
    assert update_dollars(DEV) == pytest.approx(2 * 1.408 * 20 / 60)


def test_what_stands_is_listed_and_adds_up() -> None:
    items = {item.what: item.dollars for item in standing(DEV)}
    assert items["encryption key"] == 1
    assert items["images, about 10 GB"] == pytest.approx(1)
    assert items["base models, about 7.1 GB"] == pytest.approx(7.1 * 0.023)
    assert "images, about 2 GB" in {item.what for item in standing(STAGES["trial"])}
    assert all(f"{what:<32} ${dollars:.2f}" in report(DEV) for what, dollars in items.items())


@pytest.mark.parametrize(
    ("days", "hours"), [("MON-FRI", 60), ("*", 84), ("MON,WED", 24), ("SUN-MON,SAT", 36), ("TUE", 12)]
)
def test_what_is_awake_by_the_clock_is_paid_whoever_asks(days: str, hours: int) -> None:
    awake = dataclasses.replace(HOURS, days=days, instances=2)
    stage = dataclasses.replace(DEV, serving=dataclasses.replace(DEV.serving, office_hours=awake))
    share = hours / 168
    assert idle_per_month(stage) == pytest.approx(idle_per_month(DEV) + 2 * share * 730 * 1.408)
    assert f"2 for {hours} hours a week" in report(stage)


def test_without_spot_fine_tuning_costs_the_whole_price() -> None:
    on_demand = dataclasses.replace(DEV, jobs=dataclasses.replace(DEV.jobs, spot=False, most_wait_seconds=None))
    whole = hourly(DEV.jobs.training_instance) or 0
    assert f"${whole:.2f} an hour, at most 4 h a run" in report(on_demand)
    assert f"${0.35 * whole:.2f} an hour, spot, at most 4 h a run" in report(DEV)


def test_a_captioner_is_mirrored_where_the_stage_has_one() -> None:
    stage = dataclasses.replace(DEV, captioner="blip-captioning-large")
    assert stage.captioner_model is not None
    assert stage.captioner_model in stage.models
    assert DEV.captioner_model is None
    with pytest.raises(ValueError, match=r"stage.captioner: got 'tiny-clipseg'; allowed: family blip, or none"):
        dataclasses.replace(DEV, captioner="tiny-clipseg")


@pytest.mark.parametrize("upscaler", [None, "tiny-upscaler"])
def test_an_upscaler_is_mirrored_where_the_stage_serves_one(upscaler: str | None) -> None:
    stage = dataclasses.replace(DEV, serving=dataclasses.replace(DEV.serving, upscaler=upscaler))
    mirrored = [entry.name for entry in stage.models]
    assert mirrored == ["sd2-inpaint", "sd15-inpaint", "clipseg-rd64-refined", *([upscaler] if upscaler else [])]
    assert stage.default_model.name == "sd2-inpaint"
    assert (stage.upscaler_model is None) == (upscaler is None)


def test_an_unknown_price_is_said_to_be_unknown() -> None:
    odd = dataclasses.replace(
        DEV, serving=dataclasses.replace(DEV.serving, instance="ml.c7i.xlarge", pace=(9_000, 900))
    )
    assert hourly("ml.c7i.xlarge") is None
    assert "unknown an hour" in report(odd)


def needs(stage: Stage) -> dict[str, tuple[int, int]]:
    """By name, how much of a quota a stage needs to be deployed and to be used."""
    return {quota.name: (quota.to_deploy, quota.to_use) for quota in quotas(stage)}


def test_quotas_to_deploy_and_to_use_are_told_apart() -> None:
    # Two instances at most, and as many again while a new configuration takes over from the old one.
    assert needs(DEV)["ml.g5.xlarge for endpoint usage"] == (1, 4)
    assert needs(DEV)["ml.p4d.24xlarge for training job usage"] == (0, 2)
    assert needs(DEV)["ml.p4d.24xlarge for training warm pool usage"] == (0, 2)
    # As many as a search may have at a time.
    assert needs(DEV)["ml.g5.2xlarge for spot training job usage"] == (0, 2)
    assert needs(STAGES["trial"]) == {
        "ml.m5.xlarge for endpoint usage": (1, 2),
        "ml.m5.xlarge for training job usage": (0, 2),
        "ml.m5.xlarge for processing job usage": (0, 2),
        "Concurrent executions": (0, 10),
    }


def test_a_region_without_the_stage_s_machines_gets_others_and_says_whose_prices_are_meant() -> None:
    prod = STAGES["prod"]
    seoul, ireland = (prod.placed(Placement(region=region)) for region in ("ap-northeast-2", "eu-west-1"))
    assert (seoul.serving, ireland.serving.instance) == (prod.serving, "ml.g5.12xlarge")
    assert needs(ireland)["ml.g6.12xlarge for endpoint usage"] == (0, 4)
    assert not [name for name in needs(ireland) if "g6e" in name]
    assert "prices of us-east-1 in 2026-08\n  eu-west-1 has prices of its own" in report(ireland)
    assert "of its own, mostly" not in report(prod)


def test_the_report_names_the_quotas_and_warns_of_gpus() -> None:
    for name, (deploy, use) in needs(DEV).items():
        assert f"{name}: {deploy} to deploy, {use} to use" in report(DEV)
    assert "A new account has 0 of GPU types" in report(DEV)
    assert "A new account" not in report(STAGES["trial"])


def test_an_unknown_stage_is_refused_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "feature_flags", lambda: {"stage": "nowhere"})
    with pytest.raises(SystemExit, match=r"^stage: got 'nowhere'; allowed: local \| trial"):
        app.main()


def test_what_make_calls_context_is_read_and_a_misspelt_name_is_refused() -> None:
    assert read(["stage=dev", "owner=one and all", "contact=a=b@c.de"])["owner"] == "one and all"
    # It once counted as nothing, so that any account could have the stage.
    with pytest.raises(ValueError, match=r"CONTEXT: got 'acount=1'; allowed: name=value, .*account, region"):
        read(["acount=1"])
    with pytest.raises(ValueError, match=r"got 'all'; .*\n.*quotes of its own"):
        read(["owner=one", "all"])
    with pytest.raises(ValueError, match="got 'eu-west-1' and 'us-east-1' for region"):
        read(["region=eu-west-1", "region=us-east-1"])
