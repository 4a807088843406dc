"""A client is told of its batch: that it was taken on, and how each of its rounds has ended."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from atelier_ops.logic.batches.reporting import settle_execution, settle_lost
from atelier_ops.logic.webhook_delivery import GRACE
from contracts.batches import BatchPlan
from contracts.errors import InvalidInputError
from tests.unit.ops_batches import PAINT, ROWS, Studio
from tests.unit.test_ops_submission import notify
from tests.unit.test_ops_webhooks import REFUSED, URL, Asked, World

WISH: dict[str, Any] = {"webhook": URL, "webhook_events_filter": ["start", "completed"]}
OTHER = "https://other.example.com/told"


@dataclass
class Telling(Studio, World):
    """A stage that paints batches, and whoever hears of them."""

    def hooks(self) -> list[str]:
        return [key for key in self.records.items if key.startswith("webhook#")]

    def painted(self, batch: str, number: int = 1) -> BatchPlan:
        """The plan of a round whose items have all succeeded."""
        plan, before = self.prepare(f"{batch}-{number}"), len(self.inference.queue)
        for place, item in enumerate(self.items(plan)):
            self.paint(item)
            notify(self, before + place, None)
        return plan

    def stopped(self, name: str) -> None:
        """What the event of an execution says that was stopped."""
        self.batches.end(name, "ABORTED")
        settle_execution(name, self.settling())


@pytest.fixture
def world() -> Telling:
    return Telling()


def test_a_batch_tells_of_its_start_and_of_its_end_with_what_a_get_says(world: Telling) -> None:
    batch = world.post(**WISH)
    assert (batch["webhook"], batch["webhook_note"]) == (URL, None)
    assert world.announced() == 1
    plan = world.painted(batch["id"])
    assert world.announced() == 0
    world.report(plan)
    assert world.announced() == 1
    assert world.messages() == [("start", "starting"), ("end", "succeeded")]
    told = json.loads(world.receivers.heard[1].body)
    assert told == world.get(batch["id"])
    assert (told["counts"]["succeeded"], told["urls"]["get"].rpartition("/")[2]) == (3, batch["id"])
    assert told["report"]["page"]
    (listed,) = world.call("GET", "/v1/batches").body["results"]
    assert listed["webhook"] == URL


def test_a_batch_tells_where_nobody_announces(world: Telling) -> None:
    batch = world.post(**WISH)
    assert world.later(61) == 1
    world.report(world.painted(batch["id"]))
    assert world.later(120) == 1
    assert world.messages() == [("start", "starting"), ("end", "succeeded")]


def test_rows_that_are_wrong_end_a_batch_and_that_is_told(world: Telling) -> None:
    batch = world.post(**{**WISH, "input": {**PAINT, "adapter": "none-such"}})
    world.announced()
    with pytest.raises(InvalidInputError):
        world.prepare(f"{batch['id']}-1")
    assert world.announced() == 1
    assert "none-such" in json.loads(world.receivers.heard[1].body)["error"]


def test_a_canceled_batch_is_told_of_with_its_report(world: Telling) -> None:
    batch = world.post(**WISH)["id"]
    world.announced()
    world.painted(batch)
    world.call("POST", f"/v1/batches/{batch}/cancel")
    assert world.announced() == 0
    world.stopped(f"{batch}-1")
    assert world.announced() == 1
    told = json.loads(world.receivers.heard[1].body)
    assert (told["status"], told["report"] is None) == ("canceled", False)


def test_a_batch_that_was_never_begun_is_told_of(world: Telling) -> None:
    world.post(webhook=URL)
    world.batches.started.clear()
    world.now += 601
    assert list(settle_lost(world.settling()))
    assert world.announced() == 1
    assert world.messages() == [("end", "failed")]


@pytest.mark.parametrize(("events", "told"), [(["output"], 0), (["logs"], 0), (["output", "completed"], 1)])
def test_a_batch_without_pictures_has_no_output(world: Telling, events: list[str], told: int) -> None:
    batch = world.post(webhook=URL, webhook_events_filter=events)["id"]
    world.prepare(f"{batch}-1")
    world.stopped(f"{batch}-1")
    assert world.announced() == told
    assert world.later(700) == 0
    assert (world.hook.status, world.hook.data["told"]) == ("delivered", ["end"])


def test_each_round_is_told_as_the_first_or_as_its_own_request_says(world: Telling) -> None:
    batch = world.post(**WISH)["id"]
    world.announced()
    world.prepare(f"{batch}-1")
    world.stopped(f"{batch}-1")
    assert world.announced() == 1
    again = world.call("POST", f"/v1/batches/{batch}/resume")
    assert again.body["webhook"] == URL
    world.announced()
    world.prepare(f"{batch}-2")
    world.stopped(f"{batch}-2")
    assert world.announced() == 1
    other = world.call("POST", f"/v1/batches/{batch}/resume", {"webhook": OTHER})
    assert other.body["webhook"] == OTHER
    world.report(world.painted(batch, 3))
    assert world.announced() == 1
    assert world.messages() == [
        *(("start", "starting"), ("end", "canceled"), ("start", "starting"), ("end", "canceled")),
        ("end", "succeeded"),
    ]
    assert [parcel.url for parcel in world.receivers.heard] == [URL] * 4 + [OTHER]
    assert len({parcel.headers["webhook-id"] for parcel in world.receivers.heard}) == 5


def test_the_end_of_a_round_that_was_gone_on_with_is_not_told_any_more(world: Telling) -> None:
    batch = world.post(webhook=URL)["id"]
    world.prepare(f"{batch}-1")
    world.receivers.status = 503
    world.stopped(f"{batch}-1")
    assert world.announced() == 0
    world.receivers.status = 200
    world.call("POST", f"/v1/batches/{batch}/resume")
    heard = len(world.receivers.heard)
    world.later(GRACE + 1)
    assert len(world.receivers.heard) == heard
    world.report(world.painted(batch, 2))
    assert world.announced() == 1
    assert world.messages()[-1] == ("end", "succeeded")


def test_an_end_is_not_told_with_what_the_next_round_says(world: Telling, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = world.post(webhook=URL)["id"]
    world.prepare(f"{batch}-1")
    world.stopped(f"{batch}-1")
    asked = Asked.ask

    def gone_on(api: Asked, event: Any) -> Any:
        world.call("POST", f"/v1/batches/{batch}/resume")
        return asked(api, event)

    monkeypatch.setattr(Asked, "ask", gone_on)
    assert world.announced() == 0
    assert not world.receivers.heard


def test_of_two_requests_with_one_key_the_first_ones_wish_counts(world: Telling) -> None:
    body = {"input": PAINT, "items": ROWS, **WISH}
    first, second = (world.call("POST", "/v1/batches", body, Idempotency_Key="k").body["id"] for _ in range(2))
    assert first == second
    assert world.call("POST", "/v1/batches", {**body, "webhook": OTHER}, Idempotency_Key="k").status == 422
    assert len(world.hooks()) == 1


@pytest.mark.parametrize(("given", "words"), REFUSED)
def test_what_cannot_be_told_is_refused_before_a_batch_is_made(
    world: Telling, given: dict[str, Any], words: str
) -> None:
    made = world.call("POST", "/v1/batches", {"input": PAINT, "items": ROWS, **given})
    assert (made.status, words in made.body["detail"]) == (422, True)
    assert not world.records.items
    batch = world.post()["id"]
    world.stopped(f"{batch}-1")
    again = world.call("POST", f"/v1/batches/{batch}/resume", given)
    assert (again.status, words in again.body["detail"]) == (422, True)
    assert (world.get(batch)["status"], world.hooks()) == ("canceled", [])


def test_a_stage_without_a_way_out_takes_no_batch_that_is_to_be_told_of(world: Telling) -> None:
    world.reach = "none"
    made = world.call("POST", "/v1/batches", {"input": PAINT, "items": ROWS, "webhook": URL})
    assert (made.status, "without a way to the internet" in made.body["detail"]) == (422, True)


def test_who_starts_a_batch_by_hand_is_told_by_no_webhook(world: Telling) -> None:
    world.batches.start("by-hand", {"client": "first", "input": PAINT, "items": ROWS, "webhook": URL})
    with pytest.raises(InvalidInputError, match="webhook"):
        world.prepare("by-hand")
