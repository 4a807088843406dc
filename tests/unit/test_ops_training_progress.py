"""Watching a training: how far it is, its losses, what its evaluation wrote."""

import json
from typing import Any

import pytest

from atelier_ops.gateways.logs import LogLine
from atelier_ops.gateways.workflow import StateEvent
from atelier_ops.logic.training_progress import MOST_LOSSES, curve, parse
from contracts.answers import Training
from tests.unit.ops_api import Api
from tests.unit.ops_fakes import NOW, PNG
from tests.unit.ops_stage import make_stage, plan_of, put_dataset
from tests.unit.test_ops_api_trainings import event, get, post

PLAN = plan_of(make_stage()[1], "skirt-1")
STREAM = f"{PLAN['jobs']['train']['name']}/algo-1-1700000000"
PREPARED = [event("Prepare", 0, entered=True), event("Prepare", 1, entered=False, assigned={"plan": PLAN})]
SEGMENT = event("Segment", 1, entered=True)
TRAINING = event("FineTune", 9, entered=True)


@pytest.fixture
def api() -> Api:
    api = Api()
    put_dataset(api.buckets, "skirt")
    return api


def line(step: int, loss: float, *, at: float = NOW, left: int = 100, total: int = 160) -> LogLine:
    text = f"step={step}/{total} loss={loss:.4f} lr=3.3e-03 elapsed=41s eta={left}s samples_per_second=2.1"
    return LogLine(at=at, text=text)


def watch(api: Api, *history: StateEvent) -> dict[str, Any]:
    api.executions.history = list(history)
    return get(api, post(api, headers={"Idempotency_Key": "k"}).body["id"])


def test_a_training_without_a_plan_yet_tells_no_progress(api: Api) -> None:
    shown = watch(api, event("Prepare", 0, entered=True))
    assert [shown[name] for name in ("progress", "eta_seconds", "losses", "looks", "strip", "report")] == [None] * 6


def test_steps_losses_and_the_time_left_come_from_the_jobs_own_lines(api: Api) -> None:
    api.logs.written[STREAM] = [
        LogLine(at=NOW, text="loading"),
        line(1, 0.9, at=NOW + 10),
        line(40, 0.25, at=NOW + 50, left=120),
    ]
    api.logs.written[f"{STREAM}-other-run"] = [line(1, 7.0, at=NOW - 1)]
    api.now = NOW + 70
    shown = watch(api, *PREPARED, SEGMENT, TRAINING)
    # Of four parts (three jobs and what follows them) one is done, and a quarter of the next.
    assert shown["progress"] == {"percentage": 0.3125, "current": 40, "total": 160}
    assert shown["eta_seconds"] == 100.0
    assert shown["losses"] == [{"step": 1, "loss": 0.9}, {"step": 40, "loss": 0.25}]


def look(step: int, text: str, best: int) -> LogLine:
    return LogLine(at=NOW, text=f"validation step={step}/160 {text} best_step={best}")


def test_what_looks_saw_and_painted_is_shown_while_it_learns(api: Api) -> None:
    seen = [
        look(20, "validation_loss=0.5065 validation_garment_share=0.8780", 20),
        look(40, "validation_loss=0.3327 validation_garment_share=0.8640", 40),
        look(60, "validation_loss=0.4281", 40),
    ]
    api.logs.written[STREAM] = [line(1, 0.9), *seen, line(61, 0.25)]
    shown = watch(api, *PREPARED, SEGMENT, TRAINING)
    assert shown["looks"] == [
        {"step": 20, "loss": 0.5065, "garment_share": 0.878, "best": False},
        {"step": 40, "loss": 0.3327, "garment_share": 0.864, "best": True},
        {"step": 60, "loss": 0.4281, "garment_share": None, "best": False},
    ]
    assert shown["strip"] is None, "nothing is painted yet"
    assert [point["step"] for point in shown["losses"]] == [1, 61], "a look is no step"
    key = "checkpoints/skirt-1/validation/strip.png"
    api.buckets.put("data", key, PNG)
    again = get(api, shown["id"])
    assert key in again["strip"]


def test_what_it_is_expected_to_take_is_shown_as_soon_as_the_run_is_prepared(api: Api) -> None:
    expected = {"minutes": 32.5, "training_minutes": 5.5, "dollars": 0.6, "on_demand_dollars": 0.8, "spot_dollars": 0.6}
    known = event("Prepare", 1, entered=False, assigned={"plan": {**PLAN, "estimate": expected}})
    assert watch(api, PREPARED[0], known)["estimate"] == expected
    partly = event("Prepare", 1, entered=False, assigned={"plan": {**PLAN, "estimate": {"minutes": 32.5}}})
    assert watch(api, PREPARED[0], partly)["estimate"] == {**dict.fromkeys(expected), "minutes": 32.5}
    assert watch(api, *PREPARED)["estimate"] is None


def test_a_job_that_was_adopted_is_watched_too(api: Api) -> None:
    api.logs.written[STREAM] = [line(80, 0.2)]
    shown = watch(api, *PREPARED, SEGMENT, TRAINING, event("AdoptFineTune", 20, entered=True))
    assert (shown["stage"], shown["progress"]["percentage"]) == ("AdoptFineTune", 0.375)


@pytest.mark.parametrize(
    ("history", "percentage"),
    [((), 0.0), ((SEGMENT,), 0.0), ((SEGMENT, TRAINING), 0.25), ((event("Evaluate", 5, entered=True),), 0.5)],
)
def test_before_and_after_the_training_the_jobs_count(
    api: Api, history: tuple[StateEvent, ...], percentage: float
) -> None:
    """A run that takes up another may begin with any job."""
    shown = watch(api, *PREPARED, *history)
    assert shown["progress"] == {"percentage": percentage, "current": None, "total": None}
    assert shown["eta_seconds"] is None


def test_a_training_that_has_succeeded_is_done_and_keeps_its_curve(api: Api) -> None:
    api.logs.written[STREAM] = [line(160, 0.1, left=0)]
    made = post(api, headers={"Idempotency_Key": "k"}).body["id"]
    api.executions.end(made, "SUCCEEDED")
    shown = watch(api, *PREPARED, SEGMENT, TRAINING, event("Notify", 30, entered=True))
    assert shown["progress"] == {"percentage": 1.0, "current": 160, "total": 160}
    assert (shown["losses"], shown["eta_seconds"]) == ([{"step": 160, "loss": 0.1}], None)


def test_what_the_evaluation_wrote_and_measured_is_there_while_a_person_is_asked(api: Api) -> None:
    for name in ("report.html", "sheet.png", "metrics.json", "pictures/street-01_after.png"):
        api.buckets.put("data", f"runs/skirt-1/evaluate/{name}", PNG)
    gate = {"gate": {"passed": True, "failures": [], "metrics": {"garment_share": 0.7}}}
    evaluated = event("Evaluate", 20, entered=True)
    assert watch(api, *PREPARED, evaluated)["report"] is None
    gated = [event("Gate", 30, entered=True), event("Gate", 31, entered=False, assigned=gate)]
    shown = watch(api, *PREPARED, evaluated, *gated, event("RequestApproval", 32, entered=True))
    folder = "https://data.test/runs/skirt-1/evaluate"
    assert shown["report"] == {
        "page": f"{folder}/report.html?get=3600&type=text/html; charset=utf-8",
        "sheet": f"{folder}/sheet.png?get=3600&type=image/png",
        "loss": None,
        "pictures": {"street-01_after": f"{folder}/pictures/street-01_after.png?get=3600&type=image/png"},
    }
    assert shown["metrics"] == {"garment_share": 0.7}


def test_advice_on_the_pictures_is_shown_as_soon_as_they_were_read(api: Api) -> None:
    advice = [{"matter": "count", "level": "warning", "found": "only 4 pictures", "do": "add some", "pictures": []}]
    api.buckets.put("data", "runs/skirt-1/segment/advice.json", json.dumps({"advice": advice}).encode())
    assert watch(api, *PREPARED, SEGMENT)["advice"] is None
    assert watch(api, *PREPARED, SEGMENT, TRAINING)["advice"] == advice
    Training.model_validate(watch(api, *PREPARED, SEGMENT, TRAINING))


def test_a_run_from_before_there_was_advice_has_none(api: Api) -> None:
    assert watch(api, *PREPARED, SEGMENT, TRAINING)["advice"] is None


def test_a_training_that_waits_for_a_person_says_where_the_decision_goes(api: Api) -> None:
    registered = event("Register", 31, entered=False, assigned={"version": 3})
    asked = event("RequestApproval", 32, entered=True)
    urls = watch(api, *PREPARED, registered, asked)["urls"]
    assert {name: url.partition("/live")[2] for name, url in urls.items() if name in ("approve", "reject")} == {
        "approve": "/v1/styles/skirt/versions/3/approve",
        "reject": "/v1/styles/skirt/versions/3/reject",
    }
    assert set(watch(api, *PREPARED, registered, asked, event("Publish", 40, entered=True))["urls"]) == {
        "get",
        "cancel",
    }


def test_a_report_that_is_gone_is_none(api: Api) -> None:
    assert watch(api, *PREPARED, event("Notify", 1, entered=True))["report"] is None


def test_a_log_that_cannot_be_read_now_is_no_error(api: Api) -> None:
    api.logs.down = True
    shown = watch(api, *PREPARED, SEGMENT, TRAINING)
    assert (shown["status"], shown["losses"]) == ("processing", None)
    api.logs.down, api.logs.denied = False, True
    assert api.call("GET", f"/v1/trainings/{shown['id']}").status == 500


def test_steps_that_were_done_again_count_once_and_from_where_the_job_is_now() -> None:
    steps = parse([line(1, 0.9), line(10, 0.5), line(20, 0.4), line(10, 0.6), LogLine(at=NOW, text="step=x")])
    assert (steps.done, steps.total) == (10, 160)
    assert curve(steps) == [{"step": 1, "loss": 0.9}, {"step": 10, "loss": 0.6}, {"step": 20, "loss": 0.4}]


def test_a_long_curve_is_thinned_and_ends_with_the_newest_step() -> None:
    points = curve(parse([line(step, 1 / step, total=9_999) for step in range(1, 2_002)]))
    assert len(points) <= MOST_LOSSES
    assert points[-1]["step"] == 2_001
