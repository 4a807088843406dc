"""Clients are told what they want to be told: at least once, signed, and for a day where nobody hears."""

import base64
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from atelier_ops.errors import FunctionFailedError
from atelier_ops.gateways.functions import Function
from atelier_ops.gateways.receivers import Receipt
from atelier_ops.logic.api import answer
from atelier_ops.logic.webhook_delivery import GRACE, LONGEST_TRYING, PAUSES, Dependencies, deliver, overdue
from atelier_ops.logic.webhooks import KEEP, training_key
from tests.unit.ops_api import Answered, Api
from tests.unit.ops_fakes import NOW, MemoryReceivers
from tests.unit.ops_stage import put_dataset
from tests.unit.test_ops_submission import ANSWER, BODY, SWEEP, notify

URL = "https://hooks.example.com/told?by=atelier"
TRAINING: dict[str, Any] = {"destination": "skirt", "input": {"dataset": "datasets/skirt/", "target": "a skirt"}}


@dataclass
class Asked(Function):
    """The API's function, which may break."""

    api: Api
    broken: bool = False

    def ask(self, event: Any) -> Any:
        if self.broken:
            raise FunctionFailedError("no")
        return answer(event, self.api.dependencies())


@dataclass
class World(Api):
    """An API, whoever hears of it, and a clock."""

    receivers: MemoryReceivers = field(default_factory=MemoryReceivers)
    broken: bool = False

    def deliver(self, keys: list[str] | None = None, goes_on: Callable[[], bool] = lambda: True) -> int:
        """What the function does with the keys, or with those that are overdue."""
        dependencies = Dependencies(
            records=self.records,
            api=Asked(api=self, broken=self.broken),
            receivers=self.receivers,
            clock=lambda: self.now,
        )
        return deliver(overdue(self.records, self.now) if keys is None else keys, dependencies, goes_on)

    def later(self, seconds: float) -> int:
        """What the sweep does then."""
        self.now += seconds
        return self.deliver()

    def announced(self) -> int:
        """What the function does with what was announced since."""
        keys = [message for _, message in self.due.sent]
        self.due.sent.clear()
        return self.deliver(keys)

    def messages(self) -> list[tuple[str, str]]:
        """Which message of which status was heard."""
        return [
            (p.headers["webhook-id"].rpartition("_")[2], json.loads(p.body)["status"]) for p in self.receivers.heard
        ]

    @property
    def hook(self) -> Any:
        (found,) = [each for each in self.records.items.values() if each.key.startswith("webhook#")]
        return found


@pytest.fixture
def world() -> World:
    return World()


def post(world: World, *events: str, **changes: Any) -> str:
    wanted = {"webhook_events_filter": list(events)} if events else {}
    made = world.call("POST", "/v1/predictions", {**BODY, "webhook": URL, **wanted, **changes}, Idempotency_Key="k")
    assert made.status == 201, made.body
    assert made.body["webhook"] == URL
    assert made.body["webhook_note"] is None
    return str(made.body["id"])


def shown(world: World, one: str) -> Any:
    return world.call("GET", f"/v1/predictions/{one}").body


def ends(world: World, one: str) -> None:
    notify(world, 0, None)
    assert shown(world, one)["status"] == "succeeded"


def test_a_client_is_told_of_the_start_and_of_the_end(world: World) -> None:
    one = post(world, "start", "completed")
    assert world.announced() == 1
    ends(world, one)
    assert world.announced() == 1
    assert world.messages() == [("start", "starting"), ("end", "succeeded")]
    body = json.loads(world.receivers.heard[1].body)
    assert body == shown(world, one)
    assert body["urls"]["get"] == f"https://abc.execute-api.us-east-1.amazonaws.com/live/v1/predictions/{one}"
    assert (world.later(KEEP / 2), world.hook.status) == (0, "delivered")


def test_a_message_is_signed_with_the_clients_secret(world: World) -> None:
    post(world, "start")
    world.announced()
    secret = world.call("GET", "/v1/webhooks/default/secret").body["key"]
    (parcel,) = world.receivers.heard
    assert parcel.url == URL
    name, moment = parcel.headers["webhook-id"], parcel.headers["webhook-timestamp"]
    content = f"{name}.{moment}.".encode() + parcel.body
    expected = base64.b64encode(hmac.digest(base64.b64decode(secret.removeprefix("whsec_")), content, "sha256"))
    assert parcel.headers["webhook-signature"] == f"v1,{expected.decode()}"
    assert int(moment) == int(NOW)
    world.key = "key-2"
    assert world.call("GET", "/v1/webhooks/default/secret").body["key"] != secret
    world.key = "key-1"
    assert world.call("GET", "/v1/webhooks/default/secret").body["key"] == secret


@pytest.mark.parametrize(
    ("events", "succeeded", "canceled"),
    [
        ((), ["end"], ["end"]),
        (("start",), ["start"], ["start"]),
        (("output",), ["end"], []),
        (("logs",), ["end"], ["end"]),
        (("output", "logs", "completed"), ["end"], ["end"]),
        (("start", "completed"), ["start", "end"], ["start", "end"]),
    ],
)
def test_only_what_was_asked_for_is_told_and_one_end_once(
    events: tuple[str, ...], succeeded: list[str], canceled: list[str]
) -> None:
    for end, expected in ((ends, succeeded), (cancel, canceled)):
        world = World()
        one = post(world, *events)
        world.announced()
        end(world, one)
        world.announced()
        assert world.later(120) == 0
        assert [message for message, _ in world.messages()] == expected
        assert world.hook.status == "delivered"


def cancel(world: World, one: str) -> None:
    assert world.call("POST", f"/v1/predictions/{one}/cancel").body["status"] == "canceled"


def test_the_sweep_tells_what_nobody_announced(world: World) -> None:
    one = post(world, "start", "completed")
    ends(world, one)
    assert world.deliver() == 0  # not due yet
    assert world.later(61) == 2
    assert [message for message, _ in world.messages()] == ["start", "end"]


def test_what_takes_long_is_looked_at_more_and_more_seldom_and_told_at_once_all_the_same(world: World) -> None:
    one = post(world)
    looks = []
    for _ in range(40):
        world.later(world.hook.expires_at - KEEP - world.now + 1)
        looks.append(world.hook.expires_at - KEEP - world.now)
    assert looks == sorted(looks)
    assert 58 < looks[0] < 62
    assert 598 < looks[-1] < 602
    ends(world, one)
    assert world.announced() == 1


@pytest.mark.parametrize(
    "receipt", [Receipt(status=500), Receipt(status=302), Receipt(status=404), Receipt(problem="no route")]
)
def test_a_message_that_does_not_arrive_is_sent_again_after_longer_and_longer_pauses(
    world: World, receipt: Receipt
) -> None:
    one = post(world)
    ends(world, one)
    world.receivers.says = [receipt] * 3
    assert world.announced() == 0
    note = shown(world, one)["webhook_note"]
    assert note.startswith("end: not delivered yet, 1 tries, the next at ")
    assert str(receipt) in note
    for pause in PAUSES[:3]:
        assert world.deliver() == 0
        assert world.deliver([world.hook.key]) == 0  # nor because something else is announced
        world.now += pause - 1
        assert world.deliver() == 0
        tries = len(world.receivers.heard)
        world.now += 2
        world.deliver()
        assert len(world.receivers.heard) == tries + 1
    assert len({parcel.headers["webhook-id"] for parcel in world.receivers.heard}) == 1
    assert len({parcel.headers["webhook-timestamp"] for parcel in world.receivers.heard}) == 4
    assert (shown(world, one)["webhook_note"], world.hook.status) == (None, "delivered")


def test_after_a_day_it_is_given_up_and_the_client_can_read_why(world: World) -> None:
    one = post(world)
    ends(world, one)
    world.receivers.status = 503
    world.announced()
    begun = world.now
    while world.hook.status == "undelivered":
        world.later(60)
        world.buckets.put("media", f"outputs/{one}/0.png", b"")
    assert LONGEST_TRYING - PAUSES[-1] - 60 <= world.now - begun <= LONGEST_TRYING
    assert world.hook.status == "given up"
    assert shown(world, one)["webhook_note"] == f"end: given up after {len(world.receivers.heard)} tries: HTTP 503"
    heard = len(world.receivers.heard)
    world.later(KEEP / 2)
    assert len(world.receivers.heard) == heard


def test_a_receiver_that_is_gone_is_not_asked_again(world: World) -> None:
    one = post(world, "start", "completed")
    world.receivers.says = [Receipt(status=410)]
    world.announced()
    ends(world, one)
    assert world.announced() == 1
    assert shown(world, one)["webhook_note"] == "start: given up after 1 tries: HTTP 410"
    assert world.hook.status == "given up"


def test_a_receiver_that_is_slow_keeps_nobody_waiting(world: World) -> None:
    for number in range(20):
        made = world.call(
            "POST", "/v1/predictions", {**BODY, "webhook": f"{URL}&n={number}", "webhook_events_filter": ["start"]}
        )
        assert made.status == 201
    body = {**BODY, "webhook": "https://quick.example.com/", "webhook_events_filter": ["start"]}
    world.call("POST", "/v1/predictions", body)
    world.receivers.says = [Receipt(problem="no answer within 10 s")] * 16
    world.later(61)
    assert len(world.receivers.heard) == 17
    assert world.receivers.heard[-1].url == "https://quick.example.com/"


def test_whoever_has_claimed_a_message_sends_it_and_if_he_dies_the_next(world: World) -> None:
    one = post(world)
    ends(world, one)
    world.broken = True
    with pytest.raises(ExceptionGroup):
        world.announced()
    world.broken = False
    assert world.deliver([world.hook.key]) == 0  # claimed
    assert world.later(121) == 1


def test_of_several_requests_with_one_key_the_first_ones_wish_counts(world: World) -> None:
    one = post(world, "completed")
    assert post(world, "completed") == one
    assert len([key for key in world.records.items if key.startswith("webhook#")]) == 1
    other = world.call(
        "POST", "/v1/predictions", {**BODY, "webhook": "https://other.example.com/"}, Idempotency_Key="k"
    )
    assert other.status == 422
    ends(world, one)
    world.later(GRACE + 1)
    assert [parcel.url for parcel in world.receivers.heard] == [URL]
    world.later(GRACE + 1)
    assert [key for key in world.records.items if key.startswith("webhook#")] == [world.hook.key]


def test_of_what_was_deleted_nothing_is_told(world: World) -> None:
    one = post(world)
    ends(world, one)
    assert world.call("DELETE", f"/v1/predictions/{one}").status == 204
    assert world.announced() == 0
    world.later(GRACE + 1)
    assert not [key for key in world.records.items if key.startswith("webhook#")]
    assert not world.receivers.heard


def test_a_time_that_runs_out_leaves_the_rest_to_the_next(world: World) -> None:
    one = post(world)
    ends(world, one)
    assert world.deliver(goes_on=lambda: False) == 0
    assert world.later(61) == 1


REFUSED = [
    ({"webhook": "http://example.com/"}, "webhook: got 'http://example.com/'; allowed: https://"),
    ({"webhook": "https://169.254.169.254/"}, "webhook: got 'https://169.254.169.254/'; allowed: a public address"),
    ({"webhook": "https://localhost/"}, "allowed: a public address"),
    ({"webhook": "example.com"}, "webhook: got 'example.com'; allowed: an https:// address"),
    ({"webhook": URL, "webhook_events_filter": ["done"]}, "allowed: start | output | logs | completed"),
    ({"webhook": URL, "webhook_events_filter": []}, "allowed: a JSON list of at least 1"),
    ({"webhook_events_filter": ["completed"]}, "allowed: an address, where webhook_events_filter is given"),
]


@pytest.mark.parametrize(("given", "words"), REFUSED)
@pytest.mark.parametrize(("path", "body"), [("/v1/predictions", BODY), ("/v1/trainings", TRAINING)])
def test_what_cannot_be_told_is_refused_before_anything_is_made(
    world: World, path: str, body: dict[str, Any], given: dict[str, Any], words: str
) -> None:
    put_dataset(world.buckets, "skirt")
    made = world.call("POST", path, {**body, **given})
    assert made.status == 422
    assert words in made.body["detail"]
    assert not [key for key in world.records.items if key.startswith(("webhook#", "prediction#"))]
    assert not world.executions.started


def test_a_stage_without_a_way_out_says_so(world: World) -> None:
    world.reach = "none"
    made = world.call("POST", "/v1/predictions", {**BODY, "webhook": URL})
    assert (made.status, "without a way to the internet" in made.body["detail"]) == (422, True)
    assert world.call("GET", "/v1/webhooks/default/secret").status == 404


def train(world: World, key: str = "t", **given: Any) -> Answered:
    put_dataset(world.buckets, "skirt")
    return world.call("POST", "/v1/trainings", {**TRAINING, **given}, Idempotency_Key=key)


def test_a_training_tells_of_its_start_and_of_its_end(world: World) -> None:
    made = train(world, webhook=URL, webhook_events_filter=["start", "completed"])
    assert (made.status, made.body["webhook"]) == (201, URL)
    assert world.announced() == 1
    world.executions.end(made.body["id"], "FAILED")
    assert world.deliver([training_key(made.body["id"])]) == 1  # the event of its end
    assert [message for message, _ in world.messages()] == ["start", "end"]
    assert world.messages()[1] == ("end", "failed")
    assert train(world, webhook=URL, webhook_events_filter=["start", "completed"]).body["id"] == made.body["id"]
    assert world.later(700) == 0


def test_a_trainings_end_is_told_by_the_sweep_where_its_event_gets_lost(world: World) -> None:
    made = train(world, webhook=URL)
    assert world.later(61) == 0
    world.executions.end(made.body["id"], "ABORTED")
    assert world.later(120) == 1
    assert world.messages() == [("end", "canceled")]


def test_a_training_without_a_webhook_tells_nobody(world: World) -> None:
    made = train(world)
    assert (made.body["webhook"], made.body["webhook_note"]) == (None, None)
    assert world.deliver([training_key(made.body["id"])]) == 0


def test_another_wish_with_the_same_key_is_another_body(world: World) -> None:
    assert train(world, webhook=URL).status == 201
    assert train(world, webhook="https://other.example.com/").status == 422
    assert train(world, key="u").status == 201
    assert train(world, key="u", webhook=URL, input={**TRAINING["input"], "target": "a coat"}).status == 422
    assert len([key for key in world.records.items if key.startswith("webhook#")]) == 1


def test_a_training_that_was_never_started_is_forgotten(world: World) -> None:
    made = train(world, webhook=URL)
    world.executions.started.clear()
    world.later(61)
    assert world.records.get(training_key(made.body["id"]))
    world.later(GRACE)
    assert world.records.get(training_key(made.body["id"])) is None


def test_an_answer_that_came_late_is_told_too(world: World) -> None:
    one = post(world)
    world.buckets.put("media", f"responses/1-of-{one}.out", json.dumps(ANSWER).encode())
    world.now += SWEEP
    assert shown(world, one)["status"] == "succeeded"
    assert world.announced() == 1


def test_the_documented_check_takes_our_messages_and_no_others(world: World, root: Path) -> None:
    page = (root / "docs" / "webhooks.md").read_text(encoding="utf-8")
    names: dict[str, Any] = {}
    exec(page.split("```python\n")[1].split("```")[0], names)
    is_ours = names["is_ours"]
    post(world, "start")
    world.announced()
    secret = world.call("GET", "/v1/webhooks/default/secret").body["key"]
    (parcel,) = world.receivers.heard
    assert is_ours(secret, parcel.headers, parcel.body, NOW + 200)
    assert not is_ours(secret, parcel.headers, parcel.body, NOW + 400)
    assert not is_ours(secret, parcel.headers, parcel.body + b" ", NOW)
    assert not is_ours("whsec_" + base64.b64encode(b"x" * 32).decode(), parcel.headers, parcel.body, NOW)
