"""Batches: rows are checked before anything costs, each is painted once, and what failed is painted again."""

from dataclasses import replace
from typing import Any

import pytest

from atelier_ops.errors import ApiUnavailableError
from atelier_ops.logic.batches.items import FAILED, item_key, prediction_of
from atelier_ops.logic.batches.reporting import settle_execution, settle_lost
from atelier_ops.logic.late_answers import reconcile
from atelier_ops.logic.results import prediction_key
from contracts.disclosure import TEXTS
from contracts.errors import InvalidInputError
from tests.unit.ops_api import KEEP
from tests.unit.ops_batches import PAINT, ROWS, Studio
from tests.unit.ops_fakes import PNG
from tests.unit.ops_stage import put_promoted, put_version
from tests.unit.test_ops_submission import SWEEP, before, notify, settling

REFUSED = {"error": {"type": "InvalidInputError", "message": "no skirt there"}}


@pytest.fixture
def studio() -> Studio:
    return Studio()


def first_round(studio: Studio, **body: Any) -> Any:
    """The plan of a batch that was taken on."""
    return studio.prepare(f"{studio.post(**body)['id']}-1")


def test_rows_become_predictions_and_a_report(studio: Studio) -> None:
    batch = studio.post(name="spring", tolerated_failures=0.5)
    assert (batch["status"], batch["stage"], batch["counts"]) == ("starting", "preparing", None)
    plan = studio.prepare(f"{batch['id']}-1")
    assert (plan.items, plan.concurrency, plan.tolerated_percent) == (3, 8, 50)
    painting = studio.get(batch["id"])
    assert (painting["stage"], painting["counts"]["waiting"], painting["estimate"]["items"]) == ("painting", 3, 3)
    assert painting["estimate"]["seconds"] > 0 < painting["estimate"]["dollars"]
    items = studio.items(plan)
    for item in items:
        studio.paint(item)
    assert [studio.told(item) for item in items] == [None] * 3
    prompts = [each.data["input"]["prompt"] for key, each in studio.records.items.items() if "prediction#" in key]
    assert prompts == ["a red skirt", "a blue skirt", "a green skirt"]
    for number, answer in enumerate((None, REFUSED, None)):
        notify(studio, number, answer)
    assert [studio.told(item)[0] for item in items] == ["success", FAILED, "success"]
    report = studio.report(plan)
    assert report["counts"] == {"total": 3, "waiting": 0, "running": 0, "succeeded": 2, "failed": 1, "canceled": 0}
    assert [(each["line"], each["reason"]) for each in report["review"]] == [(2, "InvalidInputError: no skirt there")]
    ended = studio.get(batch["id"])
    assert (ended["status"], ended["stage"], ended["counts"]["failed"]) == ("succeeded", "done", 1)
    assert ended["report"]["csv"].startswith(f"https://media.test/batches/{batch['id']}/report.csv")
    table = studio.buckets.store("media").read(f"batches/{batch['id']}/report.csv").decode().splitlines()
    assert table[0].endswith("error,colour")
    assert table[2].startswith("2,failed,")
    assert not [key for key in studio.records.items if key.startswith("item#")]


def test_the_same_key_and_body_are_one_batch(studio: Studio) -> None:
    body = {"input": PAINT, "items": ROWS}
    answers = [studio.call("POST", "/v1/batches", body, Idempotency_Key="k") for _ in range(2)]
    assert answers[0].body["id"] == answers[1].body["id"]
    assert list(studio.batches.started) == [f"{answers[0].body['id']}-1"]
    assert studio.call("POST", "/v1/batches", {**body, "name": "x"}, Idempotency_Key="k").status == 422


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"items": []}, "one of items, manifest, prefix"),
        ({"manifest": "uploads/x/y/z.csv"}, "one of items, manifest, prefix"),
        ({"items": [{}, {"colour": "red"}]}, "line 1: input.prompt: got '{colour}'; allowed: a column: there is none"),
        ({"input": {**PAINT, "width": "{colour}"}}, "line 1: input.width: got 'red'; allowed: an integer from 64"),
        ({"input": {**PAINT, "prompt": "a {colour"}}, "{column}, or {{ and }} for braces"),
        ({"items": [{"colour": {"r": 1}}]}, "line 1: colour"),
    ],
)
def test_what_is_wrong_with_rows_is_said_at_once_with_its_line(
    studio: Studio, changes: dict[str, Any], said: str
) -> None:
    answered = studio.call("POST", "/v1/batches", {"input": PAINT, "items": ROWS, **changes})
    assert answered.status == 422
    assert said in answered.body["detail"]
    assert not studio.batches.started
    assert not studio.records.items


def test_a_table_that_was_uploaded_is_read_with_its_lines(studio: Studio) -> None:
    uri = studio.upload("rows.csv", '\ufeffphoto,seed\n"a\nb",7\n\nc,\n'.encode())
    plan = first_round(studio, items=[], manifest=uri, input={**PAINT, "prompt": "{photo}", "seed": "{seed}"})
    assert [(item.line, item.input["prompt"], item.input.get("seed")) for item in studio.items(plan)] == [
        (3, "a\nb", 7),
        (5, "c", None),
    ]


def test_every_line_of_an_upload_that_is_wrong_is_named(studio: Studio) -> None:
    uri = studio.upload("rows.jsonl", b'{"colour": "red"}\nno\n\n[1]\n{"colour": 3}\n')
    answered = studio.call("POST", "/v1/batches", {"input": PAINT, "manifest": uri})
    assert [each["what"] for each in answered.body["errors"]] == ["line 2", "line 4"]
    short = studio.upload("short.csv", b"colour,seed\nred\n")
    answered = studio.call("POST", "/v1/batches", {"input": PAINT, "manifest": short})
    assert [(each["what"], each["allowed"]) for each in answered.body["errors"]] == [
        ("line 2", "2, one for each column")
    ]


def test_another_clients_list_is_as_none(studio: Studio) -> None:
    uri = studio.upload("rows.csv", b"colour\nred\n")
    studio.key = "key-2"
    answered = studio.call("POST", "/v1/batches", {"input": PAINT, "manifest": uri})
    assert (answered.status, answered.body["what"]) == (422, "manifest")


def test_uploads_whose_names_begin_so_are_rows(studio: Studio) -> None:
    for name in ("top-2.png", "top-1.png", "skirt.png"):
        studio.upload(name, PNG)
    inputs = {"mode": "upscale", "image": "{image}"}
    plan = first_round(studio, items=[], prefix="top-", input=inputs)
    assert [item.input["image"].rpartition("/")[2] for item in studio.items(plan)] == ["top-1.png", "top-2.png"]


def test_pictures_and_styles_are_looked_at_before_anything_is_painted(studio: Studio) -> None:
    fine = studio.upload("fine.png", PNG)
    broken = studio.upload("broken.png", b"no picture")
    rows = [
        {"image": fine, "style": ""},
        {"image": broken, "style": ""},
        {"image": f"{fine}x", "style": ""},
        {"image": fine, "style": "nothing"},
    ]
    inputs = {"mode": "upscale", "image": "{image}"}
    batch = studio.post(items=rows, input=inputs, version="{style}")
    with pytest.raises(InvalidInputError):
        studio.prepare(f"{batch['id']}-1")
    failed = studio.get(batch["id"])
    assert (failed["status"], failed["report"]) == ("failed", None)
    assert [each["what"] for each in failed["errors"]] == [
        "line 2: input.image",
        "line 3: input.image",
        "line 4: version",
    ]
    assert studio.inference.queue == []


def test_a_styles_bare_name_means_one_version_for_the_whole_batch(studio: Studio) -> None:
    put_version(studio.buckets, 1)
    put_promoted(studio.buckets, 1)
    plan = first_round(studio, version="skirt")
    assert {item.version for item in studio.items(plan)} == {"skirt@1"}


def test_items_are_begun_style_by_style_and_reported_in_the_lists_order(studio: Studio) -> None:
    for style in ("gown", "skirt"):
        put_version(studio.buckets, 1, style=style)
    rows = [{"colour": "red", "style": f"{style}@1"} for style in ("skirt", "gown", "skirt", "gown")]
    plan = first_round(studio, version="{style}", items=rows)
    assert [(item.line, item.version) for item in studio.items(plan)] == [
        (2, "gown@1"),
        (4, "gown@1"),
        (1, "skirt@1"),
        (3, "skirt@1"),
    ]
    for number, item in enumerate(studio.items(plan)):
        studio.paint(item)
        notify(studio, number)
    assert studio.report(plan)["counts"]["succeeded"] == 4
    table = studio.buckets.store("media").read(f"batches/{plan.id}/report.csv").decode().splitlines()
    assert [row.split(",")[0] for row in table[1:]] == ["1", "2", "3", "4"]


def test_a_resumed_batch_paints_what_did_not_succeed_and_nothing_else(studio: Studio) -> None:
    batch = studio.post()
    plan = studio.prepare(f"{batch['id']}-1")
    red, blue, _ = studio.items(plan)
    studio.paint(red)
    studio.paint(blue)
    notify(studio, 0)
    notify(studio, 1, REFUSED)
    studio.batches.end(f"{batch['id']}-1", "ABORTED")
    settle_execution(f"{batch['id']}-1", studio.settling())
    stopped = studio.get(batch["id"])
    assert (stopped["status"], stopped["counts"]["waiting"]) == ("canceled", 1)
    answered = studio.call("POST", f"/v1/batches/{batch['id']}/resume", {"concurrency": 2})
    assert (answered.status, answered.body["round"], answered.body["status"]) == (201, 2, "starting")
    again = studio.prepare(f"{batch['id']}-2")
    assert again.concurrency == 2
    assert [(item.line, item.attempt) for item in studio.items(again)] == [(2, 2), (3, 1)]
    for number, item in enumerate(studio.items(again), start=2):
        studio.paint(item)
        notify(studio, number)
    assert studio.report(again)["counts"]["succeeded"] == 3
    assert len(studio.inference.queue) == 4
    assert studio.call("POST", f"/v1/batches/{batch['id']}/resume", {}).body["round"] == 3
    assert studio.prepare(f"{batch['id']}-3").items == 0


def test_a_key_resumes_a_batch_once(studio: Studio) -> None:
    batch = studio.post()["id"]
    resume = f"/v1/batches/{batch}/resume"

    def end(number: int) -> None:
        studio.batches.end(f"{batch}-{number}", "ABORTED")
        settle_execution(f"{batch}-{number}", studio.settling())

    studio.prepare(f"{batch}-1")
    end(1)
    for ended in (False, True):  # the answer was lost, and the request is sent again at once, and after the round
        answered = [studio.call("POST", resume, {}, Idempotency_Key="once") for _ in range(2)]
        assert [(each.status, each.body["round"]) for each in answered] == [(201, 2)] * 2, ended
        assert studio.call("POST", resume, {"concurrency": 2}, Idempotency_Key="once").status == 422
        if not ended:
            studio.prepare(f"{batch}-2")
            end(2)
    assert studio.call("POST", resume, {}, Idempotency_Key="twice").body["round"] == 3
    assert studio.call("POST", resume, {}, Idempotency_Key="once").body["round"] == 3
    assert list(studio.batches.started) == [f"{batch}-{number}" for number in (1, 2, 3)]


def test_a_batch_whose_execution_has_ended_before_it_is_seen_is_answered_all_the_same(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {"input": PAINT, "items": ROWS}
    batch = studio.call("POST", "/v1/batches", asked, Idempotency_Key="once").body["id"]
    studio.batches.end(f"{batch}-1", "ABORTED")
    with monkeypatch.context() as unseen:
        unseen.setattr(studio.batches, "describe", lambda name: None)
        answered = studio.call("POST", "/v1/batches", asked, Idempotency_Key="once")
    assert (answered.status, answered.body["id"]) == (201, batch)
    assert list(studio.batches.started) == [f"{batch}-1"]


def test_a_batch_that_is_under_way_is_not_resumed(studio: Studio) -> None:
    batch = studio.post()
    assert studio.call("POST", f"/v1/batches/{batch['id']}/resume", {}).status == 409
    studio.batches.started.clear()  # whoever took it on died before it was started
    for key in ("", "k" * 256):
        assert studio.call("POST", f"/v1/batches/{batch['id']}/resume", {}, Idempotency_Key=key).status == 400
    assert not studio.batches.started
    assert studio.call("POST", f"/v1/batches/{batch['id']}/resume").status == 201  # nothing has to be said
    assert list(studio.batches.started) == [f"{batch['id']}-1"]


def test_a_canceled_batch_begins_nothing_and_its_predictions_are_canceled(studio: Studio) -> None:
    plan = first_round(studio)
    red, blue, _ = studio.items(plan)
    prediction = studio.paint(red)
    answered = studio.call("POST", f"/v1/batches/{plan.id}/cancel")
    assert (answered.body["status"], answered.body["stage"]) == ("canceled", "done")
    assert studio.batches.started[f"{plan.id}-1"].status == "ABORTED"
    assert studio.records.items[prediction_key(prediction)].status == "canceled"
    assert studio.told(red) == (FAILED, "canceled")
    studio.paint(blue)
    assert studio.told(blue)[0] == "BatchEnded"
    assert len(studio.inference.queue) == 1


def test_a_prediction_that_a_cancel_did_not_see_is_canceled_by_who_made_it(studio: Studio) -> None:
    plan = first_round(studio)
    (red, *_) = studio.items(plan)

    def canceled_meanwhile() -> None:
        """Before its record is there."""
        key = item_key(prediction_of(red, "first"))
        record = studio.records.items.pop(key)
        studio.call("POST", f"/v1/batches/{plan.id}/cancel")
        studio.records.put(record)

    before(studio.inference, "submit", canceled_meanwhile)
    prediction = studio.paint(red)
    assert studio.records.items[prediction_key(prediction)].status == "canceled"


def test_an_item_that_is_handed_out_twice_is_one_prediction(studio: Studio) -> None:
    plan = first_round(studio)
    (red, *_) = studio.items(plan)
    assert studio.paint(red) == studio.paint(red)
    notify(studio, 0)
    assert studio.told(red)[0] == "success"
    studio.paint(red)  # after its end, as an execution does that was interrupted
    assert studio.told(red)[0] == "success"
    assert len(studio.inference.queue) == 1


def test_who_asks_for_a_stopped_round_after_the_next_one_does_keeps_nothing_from_its_state(studio: Studio) -> None:
    """A function may start so slowly that its round was stopped and gone on with meanwhile; both ask for one prediction."""
    plan = first_round(studio)
    (red, *_) = studio.items(plan)
    studio.paint(red)
    waits = studio.handed[red.line]
    studio.paint(red)  # the one that is late: its state was stopped
    notify(studio, 0)
    assert studio.tokens.answers[waits][0] == "success"
    assert studio.told(red)[0] == "success"


@pytest.mark.parametrize("asked_again", [False, True])
def test_what_waits_while_a_stage_is_updated_is_answered_as_it_was_kept_before(
    studio: Studio, asked_again: bool
) -> None:
    """Records that an earlier version wrote have one ``token``, and what they wait for may be in the queue for hours."""
    plan = first_round(studio)
    (red, *_) = studio.items(plan)
    studio.paint(red)
    waits = studio.handed[red.line]
    kept = studio.records.items[item_key(prediction_of(red, "first"))]
    earlier = {name: value for name, value in kept.data.items() if name != "tokens"}
    studio.records.put(replace(kept, data={**earlier, "token": waits}))
    if asked_again:
        studio.paint(red)
    notify(studio, 0)
    assert studio.tokens.answers[waits][0] == "success"
    assert studio.told(red)[0] == "success"


def test_what_the_api_does_not_take_fails_its_item_with_the_reason(studio: Studio) -> None:
    plan = first_round(studio, items=[{"colour": "red"}])
    (red,) = studio.items(plan)
    gone = red.model_copy(update={"version": "gone@1"})
    studio.paint(gone)
    assert studio.told(red)[0] == FAILED
    report = studio.report(plan)
    assert report["counts"]["failed"] == 1
    assert "gone@1" in report["items"][0]["error"]


def test_an_endpoint_that_takes_nothing_at_the_moment_is_tried_again(studio: Studio) -> None:
    plan = first_round(studio)
    (red, *_) = studio.items(plan)
    studio.inference.down = True
    with pytest.raises(ApiUnavailableError, match="answers 503"):
        studio.paint(red)
    studio.inference.down = False
    studio.paint(red)
    assert len(studio.inference.queue) == 1


def test_an_end_that_nobody_told_is_told_by_the_sweep(studio: Studio) -> None:
    plan = first_round(studio)
    (red, *_) = studio.items(plan)
    prediction = studio.paint(red)
    waiting = studio.records.items.pop(item_key(prediction))
    notify(studio, 0)
    studio.records.put(waiting)
    assert studio.told(red) is None
    studio.now += SWEEP
    reconcile(settling(studio), KEEP, lambda: studio.now, lambda: True)
    assert studio.told(red)[0] == "success"
    assert item_key(prediction) not in studio.records.items


def test_a_batch_that_failed_unheard_is_reported_by_the_sweep(studio: Studio) -> None:
    plan = first_round(studio)
    (red, *_) = studio.items(plan)
    studio.paint(red)
    notify(studio, 0, REFUSED)
    studio.batches.end(f"{plan.id}-1", "FAILED")
    assert list(settle_lost(studio.settling())) == [f"{plan.id}-1: FAILED"]
    failed = studio.get(plan.id)
    assert (failed["status"], failed["error"]) == ("failed", "1 of 3 items failed")
    assert failed["report"] is not None


def test_a_batch_whose_execution_was_never_started_ends(studio: Studio) -> None:
    batch = studio.post()
    studio.batches.started.clear()
    assert list(settle_lost(studio.settling())) == [f"{batch['id']}-1: is young"]
    studio.now += SWEEP
    assert list(settle_lost(studio.settling())) == [f"{batch['id']}-1: never started"]
    assert studio.get(batch["id"])["status"] == "failed"


def test_a_batch_may_be_started_by_hand(studio: Studio) -> None:
    body = {"input": PAINT, "items": ROWS, "client": "second"}
    studio.batches.start("by-hand", body)
    plan = studio.prepare("by-hand")
    assert (plan.id, plan.items) == ("by-hand", 3)
    assert studio.call("GET", "/v1/batches/by-hand").status == 404
    studio.key = "key-2"
    assert studio.get("by-hand")["status"] == "processing"
    studio.batches.start("other", {**body, "client": "nobody"})
    with pytest.raises(InvalidInputError, match=r"client: got 'nobody'; allowed: first \| second"):
        studio.prepare("other")


def test_lists_have_the_clients_own_and_no_prediction(studio: Studio) -> None:
    made = []
    for number in range(3):
        studio.now += 1
        made.append(studio.post(name=str(number))["id"])
    page = studio.call("GET", "/v1/batches", None, {"limit": "2"}).body
    assert [each["id"] for each in page["results"]] == made[:0:-1]
    cursor = page["next"].partition("cursor=")[2]
    rest = studio.call("GET", "/v1/batches", None, {"limit": "2", "cursor": cursor}).body
    assert ([each["id"] for each in rest["results"]], rest["next"]) == (made[:1], None)
    assert studio.call("GET", "/v1/predictions").body["results"] == []
    studio.key = "key-2"
    assert studio.call("GET", "/v1/batches").body["results"] == []


def test_a_formula_in_a_row_stays_a_text_in_the_table(studio: Studio) -> None:
    plan = first_round(studio, items=[{"colour": "=1+1"}])
    studio.report(plan)
    assert "'=1+1" in studio.buckets.store("media").read(f"batches/{plan.id}/report.csv").decode()
    assert studio.buckets.store("media").read(f"batches/{plan.id}/report.html").startswith(b"<!doctype html>")


def test_a_picture_that_looks_otherwise_is_to_be_looked_at(studio: Studio) -> None:
    plan = first_round(studio, items=[{"colour": "red"}] * 12)
    for number, item in enumerate(studio.items(plan)):
        studio.paint(item)
        yellow = 0.0 if number == 7 else 30.0 + number / 10
        palette = [{"lightness": 41.0, "red": 50.0, "yellow": yellow, "share": 1.0}]
        look = {"palette": palette, "light": 41.0, "light_spread": 1.0, "frame_light": 60.0, "frame_light_spread": 9.5}
        notify(studio, number)
        prediction = studio.records.items[f"prediction#{studio.inference.queue[number][2]}"]
        prediction.data["metrics"] |= {"pictures": [look], "mask_area": 0.25}
    report = studio.report(plan)
    (unlike,) = report["review"]
    assert (unlike["line"], "bluer" in unlike["reason"]) == (8, True)
    assert [group["pictures"] for group in report["groups"]] == [12]
    review = studio.buckets.store("media").json(f"batches/{plan.id}/review.json")
    assert review["items"] == report["review"]
    page = studio.buckets.store("media").read(f"batches/{plan.id}/report.html").decode()
    assert all(f'<p lang="{language}">{sentence}</p>' in page for language, sentence in TEXTS.items())
    assert f"<td>8</td><td>colour: red</td><td>{unlike['prediction']}</td><td>the garment is" in page
    usual = "garment L* 41, a* 50, b* 30, its light and dark L* 1 apart, around it L* 60, masked 25% of the picture"
    assert f"<td>12</td><td>{usual}</td>" in page
