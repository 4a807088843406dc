"""The chaos suite's receivers are as ill as they say, take everything once they are mended, and keep what they heard."""

import json
import time
from collections.abc import Iterator

import pytest

from atelier_ops.gateways.receivers import Parcel, Receipt
from atelier_ops.gateways.receivers import Receivers as Sending
from atelier_ops.logic.webhook_signature import signed, written
from tests.chaos import receivers as chaos_receivers
from tests.chaos.messages import LASTING, Manner
from tests.chaos.receivers import Receivers, receiving

SECRET = b"s" * 32
BODY = json.dumps({"id": "p1", "status": "failed", "completed_at": "noon", "error": "no skirt"}).encode()
ANSWERS = {
    Manner.WELL: "HTTP 204",
    Manner.DOWN: "ConnectionRefusedError: [Errno 111] Connection refused",
    Manner.SLOW: "no answer within 0.2 s",
    Manner.BROKEN: "HTTP 500",
    Manner.BUSY: "HTTP 429",
    Manner.CUTTING: "ValueError: the answer is not HTTP",
    Manner.REDIRECTING: "HTTP 307",
    Manner.GONE: "HTTP 410",
    Manner.DEAD: "HTTP 500",
}


@pytest.fixture
def there() -> Iterator[Receivers]:
    with receiving(written(SECRET)) as opened:
        yield opened


def send(receivers: Receivers, manner: Manner, *, secret: bytes = SECRET) -> Receipt:
    headers = signed(secret, f"msg_{manner}_end", BODY, time.time())
    (receipt,) = Sending("loopback").post([Parcel(url=receivers.url(manner, "key-1"), headers=headers, body=BODY)])
    return receipt


@pytest.mark.parametrize("manner", Manner)
def test_each_is_ill_in_its_manner_until_it_is_mended(
    there: Receivers, manner: Manner, monkeypatch: pytest.MonkeyPatch
) -> None:
    if manner == Manner.SLOW:
        monkeypatch.setattr("atelier_ops.gateways.receivers.SECONDS", 0.2)
    assert str(send(there, manner)) == ANSWERS[manner]
    monkeypatch.undo()
    there.mend()
    assert send(there, manner).arrived == (manner not in LASTING)
    assert there.strayed() == ()


def test_what_was_heard_says_what_came_and_whether_it_is_the_stages(there: Receivers) -> None:
    send(there, Manner.WELL)
    there.late = True
    send(there, Manner.BROKEN, secret=b"x" * 32)
    first, second = there.heard()
    assert (first.name, first.kind, first.key, first.id) == ("msg_well_end", "end", "key-1", "p1")
    assert (first.status, first.fixed) == ("failed", "noon no skirt")
    assert (first.taken, first.genuine, first.late) == (True, True, False)
    assert (second.taken, second.genuine, second.late) == (False, False, True)


def test_who_follows_a_redirect_is_noticed(there: Receivers) -> None:
    target = there.redirect("/redirecting/key-1")
    Sending("loopback").post([Parcel(url=target, headers={}, body=BODY)])
    assert there.strayed() == ("POST /redirecting/key-1",)
    assert there.heard() == ()


def test_the_slow_one_is_slower_than_anybody_waits() -> None:
    from atelier_ops.gateways.receivers import SECONDS

    assert chaos_receivers._SLOW_SECONDS > SECONDS
