"""Room for pictures: taken in order, given back, never needed twice by one request, and not waited for by who has left."""

import threading

import pytest

from atelier_inference.room import Room, Share
from atelier_inference.waiting import CanceledError


class Visitor:
    """Someone who takes room in a thread of his own."""

    def __init__(self, room: Room, pixels: int) -> None:
        self.share, self.inside, self.refused = room.share(), threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._take, args=[pixels], daemon=True)
        self._thread.start()

    def _take(self, pixels: int) -> None:
        try:
            self.share.take(pixels)
        except CanceledError:
            self.refused.set()
        else:
            self.inside.set()


def test_who_comes_when_it_is_full_waits_in_order_until_there_is_room() -> None:
    room = Room(10)
    first, second = Visitor(room, 6), Visitor(room, 4)
    assert first.inside.wait(30)
    assert second.inside.wait(30)
    large = Visitor(room, 9)
    waiting(room, 1)
    small = Visitor(room, 1)
    waiting(room, 2)
    second.share.leave()
    assert not large.inside.is_set()
    assert not small.inside.is_set()
    first.share.leave()
    assert large.inside.wait(30)
    assert small.inside.wait(30)


def test_who_needs_more_than_there_is_gets_it_alone() -> None:
    room = Room(10)
    first = Visitor(room, 1)
    assert first.inside.wait(30)
    huge = Visitor(room, 99)
    waiting(room, 1)
    first.share.leave()
    assert huge.inside.wait(30)


def test_who_leaves_waits_no_more_and_those_behind_go_on() -> None:
    room = Room(10)
    first = Visitor(room, 10)
    assert first.inside.wait(30)
    second = Visitor(room, 10)
    waiting(room, 1)
    second.share.leave()
    assert second.refused.wait(30)
    first.share.leave()
    assert Visitor(room, 10).inside.wait(30)
    with pytest.raises(CanceledError):
        second.share.take(1)


def test_a_second_picture_of_a_request_never_waits() -> None:
    room = Room(10)
    one, other = room.share(), room.share()
    for share in (one, other):
        share.take(5)
    for share in (one, other):
        share.take(5)
        share.leave()
    room.share().take(10)


def test_a_second_picture_that_is_larger_keeps_others_waiting() -> None:
    room = Room(10)
    first = room.share()
    first.take(1)
    first.take(10)
    second = Visitor(room, 5)
    waiting(room, 1)
    assert not second.inside.is_set()
    first.leave()
    assert second.inside.wait(30)
    room.share().take(5)


def waiting(room: Room, visitors: int) -> None:
    """Until so many wait."""
    with room._changed:
        assert room._changed.wait_for(lambda: len(room._queue) == visitors, timeout=30)


def test_a_share_of_nothing_is_left_at_no_cost() -> None:
    room = Room(10)
    Share(room).leave()
    room.share().take(10)
