"""Courses that take turns: which calls of a denoiser are made as one, and what becomes of those that cannot be made."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor

from atelier_inference.measures import MEASURES
from atelier_inference.meeting import Meeting, aside, denoise
from diffusion.denoiser import DenoiserCall
from diffusion.lora import Lora, Mix


class Denoiser:
    """Adds a row's time step to it, notes how many rows each call has, and has room for ``most``."""

    def __init__(self, most: int = 100) -> None:
        self.most = most
        self.calls: list[int] = []

    def __call__(self, sample: Tensor, timesteps: Tensor, *, return_dict: bool, **_: Any) -> tuple[Tensor]:
        self.calls.append(len(sample))
        if len(sample) > self.most:
            raise torch.OutOfMemoryError("no room")
        if sample.isnan().any():
            raise ValueError("poisoned")
        return (sample + timesteps[:, None],)


def call(model: Denoiser, values: list[float], step: float) -> DenoiserCall:
    sample = torch.tensor(values)[:, None]
    return DenoiserCall(model=model, sample=sample, timesteps=torch.full((len(values),), step))


def course(
    meeting: Meeting, model: Denoiser, steps: int, into: list[Any], values: tuple[float, ...] = (0.0,)
) -> Callable[[], None]:
    """``steps`` calls one after the other; at the end, or where one fails, what came of them."""

    def work() -> None:
        now = list(values)
        try:
            for step in range(steps):
                now = denoise(call(model, now, step + 1))[:, 0].tolist()
            into.append(now)
        except (ValueError, torch.OutOfMemoryError) as error:
            into.append(str(error))

    return work


def go_on(meeting: Meeting) -> None:
    while meeting.ready:
        meeting.advance()


@pytest.fixture
def meeting() -> Meeting:
    return Meeting(lambda: None)


def test_courses_at_different_steps_share_calls_and_one_can_join_later(meeting: Meeting) -> None:
    model, ends = Denoiser(), list[Any]()
    meeting.begin(course(meeting, model, 3, ends))
    meeting.advance()
    meeting.begin(course(meeting, model, 3, ends, (10.0, 20.0)))
    go_on(meeting)
    assert ends == [[6.0], [16.0, 26.0]]
    assert model.calls == [1, 3, 3, 2]


def test_calls_of_other_shapes_are_made_in_turn(meeting: Meeting) -> None:
    model, other, ends = Denoiser(), Denoiser(), list[Any]()
    meeting.begin(course(meeting, model, 2, ends))
    meeting.begin(course(meeting, other, 2, ends))
    meeting.begin(course(meeting, model, 2, ends))
    meeting.advance()
    meeting.advance()
    assert (model.calls, other.calls) == ([2], [1])
    go_on(meeting)
    assert ends == [[3.0]] * 3


def test_without_room_a_call_is_made_in_parts_and_is_not_tried_whole_again(meeting: Meeting) -> None:
    model, ends = Denoiser(most=2), list[Any]()
    meeting.begin(course(meeting, model, 2, ends, (0.0, 1.0, 2.0)))
    meeting.begin(course(meeting, model, 2, ends, (3.0, 4.0)))
    go_on(meeting)
    assert ends == [[3.0, 4.0, 5.0], [6.0, 7.0]]
    assert model.calls == [5, 2, 2, 1, 2, 2, 1]


def test_what_has_no_room_alone_fails_alone(meeting: Meeting) -> None:
    model, ends = Denoiser(most=0), list[Any]()
    meeting.begin(course(meeting, model, 1, ends))
    go_on(meeting)
    assert ends == ["no room"]


def test_a_call_that_fails_does_not_fail_its_neighbours(meeting: Meeting) -> None:
    model, ends = Denoiser(), list[Any]()
    meeting.begin(course(meeting, model, 2, ends))
    meeting.begin(course(meeting, model, 2, ends, (float("nan"),)))
    meeting.begin(course(meeting, model, 2, ends, (1.0,)))
    go_on(meeting)
    assert ends == ["poisoned", [3.0], [4.0]]


def test_a_lost_gpu_ends_the_meeting(meeting: Meeting) -> None:
    def lost(*_: Any, **__: Any) -> tuple[Tensor]:
        raise torch.AcceleratorError("lost")

    begun = DenoiserCall(model=lost, sample=torch.zeros(1, 1), timesteps=torch.zeros(1))

    def work() -> None:
        denoise(begun)

    meeting.begin(work)
    with pytest.raises(torch.AcceleratorError):
        meeting.advance()


def test_others_go_on_while_one_has_work_done_aside() -> None:
    woken = threading.Event()
    meeting = Meeting(woken.set)
    model, ends, let_go = Denoiser(), list[Any](), Future[str]()

    def work() -> None:
        ends.append(aside(let_go.result))

    meeting.begin(work)
    assert not meeting.ready
    meeting.begin(course(meeting, model, 1, ends))
    go_on(meeting)
    assert ends == [[1.0]]
    let_go.set_result("done aside")
    assert woken.wait(30)
    go_on(meeting)
    meeting.close()
    assert ends == [[1.0], "done aside"]


def test_what_fails_aside_fails_in_its_course() -> None:
    woken, ends = threading.Event(), list[str]()
    meeting = Meeting(woken.set)

    def work() -> None:
        try:
            aside(lambda: int("none"))
        except ValueError as error:
            ends.append(str(error))

    meeting.begin(work)
    assert woken.wait(30)
    go_on(meeting)
    meeting.close()
    assert "none" in ends[0]


def test_outside_of_courses_calls_are_made_at_once() -> None:
    model = Denoiser()
    assert denoise(call(model, [1.0], 1)).tolist() == [[2.0]]
    assert aside(lambda: 5) == 5


def test_a_call_is_measured_by_what_differs_in_it(
    meeting: Meeting, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="atelier_inference.measures")
    monkeypatch.setattr(MEASURES, "service", "atelier-x")
    skirt, coat = Lora({}), Lora({})
    mixes: list[list[Mix]] = [[((skirt, 1.0),), ((skirt, 0.5),)], [((skirt, 1.0), (coat, 1.0))], [()]]
    asked = [[("a skirt", ""), ("a coat", "")], [("a skirt", "")], [("a skirt", "blurred")]]
    model = Denoiser()

    def work(begun: DenoiserCall) -> None:
        denoise(begun)

    for of_rows, words in zip(mixes, asked, strict=True):
        begun = DenoiserCall(
            model=model, sample=torch.zeros(len(of_rows), 1), timesteps=torch.zeros(len(of_rows)), applied=of_rows
        )
        meeting.begin(partial(work, begun), words)
    go_on(meeting)
    MEASURES.write()
    (line,) = (record.__dict__["fields"] for record in caplog.records)
    names = ("CallRows", "CallBatches", "CallRequests", "CallPrompts", "CallAdapters")
    assert [line[name] for name in names] == [[4], [3], [4], [3], [2]]
    assert "skirt" not in str(line)
