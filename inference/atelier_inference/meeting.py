"""Courses of work that take turns in the model's thread, and whose denoisers' calls are made together.

A course is a greenlet: diffusers' own pipelines run in it from begin to end, and are left and taken up again where they call the
denoiser. So requests share each of its calls, whatever their prompts, seeds, steps, guidance and adapters, and can join between two
steps; and nothing needs a lock, since all of it is one thread. See docs/adr/0037.
"""

from collections import deque
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import torch
from greenlet import getcurrent, greenlet
from torch import Tensor

from atelier_inference.measures import MEASURES
from diffusion.denoiser import DenoiserCall, joined
from diffusion.fitting import RowsThatFit

ASIDE = 2
"""Threads for what courses have done elsewhere."""

T = TypeVar("T")


class Course(greenlet):
    """One course of a meeting; ``asked`` are the words of each request that it paints, for counting those that differ."""

    def __init__(self, meeting: "Meeting", work: Callable[[], None], asked: Sequence[Hashable]) -> None:
        super().__init__(work)
        self.meeting = meeting
        self.asked = asked

    def leave(self) -> Any:
        """Let the others of the meeting go on, until this course is taken up again; what it is then told."""
        assert self.parent is not None
        return self.parent.switch()


def denoise(call: DenoiserCall) -> Tensor:
    """Make a denoiser's call together with those of other courses; at once, where this is not called in a course."""
    course = getcurrent()
    return course.meeting.call(course, call) if isinstance(course, Course) else call.run()


def aside(work: Callable[[], T]) -> T:
    """Have work done in a thread beside the model's, while other courses go on; at once, where this is not called in a course."""
    course = getcurrent()
    return course.meeting.aside(course, work) if isinstance(course, Course) else work()


class Meeting:
    """The courses under way in one thread, which alone may use this.

    ``wake`` is called, from other threads, once there is something more to ``advance``.
    """

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._calls: list[tuple[Course, DenoiserCall]] = []
        self._back: deque[Course] = deque()
        self._fitting = RowsThatFit("denoising")
        self._aside = ThreadPoolExecutor(ASIDE, thread_name_prefix="aside")

    @property
    def ready(self) -> bool:
        """Whether there is something to ``advance``."""
        return bool(self._calls or self._back)

    def begin(self, work: Callable[[], None], asked: Sequence[Hashable] = ()) -> None:
        """Begin a course for requests of the words ``asked``; when this returns it has ended, or waits.

        What it raises is raised here or by ``advance``.
        """
        _resume(Course(self, work, asked))

    def call(self, course: Course, call: DenoiserCall) -> Tensor:
        """Leave a course until its call is made."""
        self._calls.append((course, call))
        answer: Tensor = course.leave()
        return answer

    def aside(self, course: Course, work: Callable[[], T]) -> T:
        """Leave a course until its work is done in another thread."""
        done = self._aside.submit(work)
        done.add_done_callback(lambda _: self._come_back(course))
        course.leave()
        return done.result()

    def advance(self) -> None:
        """Take up the courses whose work aside is done; then make the call that has waited longest, with all that fit it."""
        while self._back:
            _resume(self._back.popleft())
        if not self._calls:
            return
        kind = self._calls[0][1].kind
        together = [each for each in self._calls if each[1].kind == kind]
        self._calls = [each for each in self._calls if each[1].kind != kind]
        _measure(together)
        answers = self._answers([call for _, call in together])
        for (course, _), answer in zip(together, answers, strict=True):
            _resume(course, answer)

    def close(self) -> None:
        """End the threads beside."""
        self._aside.shutdown()

    def _come_back(self, course: Course) -> None:
        self._back.append(course)
        self._wake()

    def _answers(self, calls: Sequence[DenoiserCall]) -> list[Tensor | Exception]:
        """The prediction of each call, or what kept it from being made: one that cannot be made must not fail its neighbours."""
        try:
            return list(torch.split(self._predicted(joined(calls)), [call.rows for call in calls]))
        except torch.AcceleratorError:
            raise  # the GPU is lost
        except Exception as error:  # noqa: BLE001 - it is the course's own, and raised there
            if len(calls) == 1:
                return [error]
        return [answer for call in calls for answer in self._answers([call])]

    def _predicted(self, call: DenoiserCall) -> Tensor:
        return self._fitting.run(call.kind, call.rows, lambda start, stop: call.part(start, stop).run())


def _measure(together: Sequence[tuple[Course, DenoiserCall]]) -> None:
    """How many rows a call has, and of how many batches, requests, prompts and adapters."""
    asked = [words for course, _ in together for words in course.asked]
    adapters = {adapter for _, call in together for mix in call.applied for adapter, _ in mix}
    MEASURES.add("CallRows", sum(call.rows for _, call in together))
    MEASURES.add("CallBatches", len(together))
    MEASURES.add("CallRequests", len(asked))
    MEASURES.add("CallPrompts", len(set(asked)))
    MEASURES.add("CallAdapters", len(adapters))


def _resume(course: Course, answer: Tensor | Exception | None = None) -> None:
    if isinstance(answer, Exception):
        course.throw(answer)
    elif answer is None:
        course.switch()
    else:
        course.switch(answer)
