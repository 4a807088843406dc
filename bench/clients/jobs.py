"""A client's jobs, and how they are done: each by itself, so that one that fails hides no other."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from bench.clients.world import ClientStage

Refusal = TypeVar("Refusal", bound=Exception)
Job = Callable[[ClientStage], None]
"""Raises whatever the client raises, or AssertionError, where it does not do what it is for."""


@dataclass
class Done:
    """How many jobs were done, and why the others were not."""

    done: int = 0
    failures: list[str] = field(default_factory=list)


def do(jobs: Mapping[str, Job], world: ClientStage) -> Done:
    """Do each."""
    found = Done()
    for name, job in jobs.items():
        start = time.monotonic()
        try:
            job(world)
        except Exception as error:  # noqa: BLE001 - whatever a client raises is what is looked for
            found.failures.append(f"{name}: {type(error).__name__}: {error}")
            continue
        found.done += 1
        print(f"✓ {name:<70} {time.monotonic() - start:6.1f} s", flush=True)
    return found


@contextmanager
def refused(kind: type[Refusal], rightly: Callable[[Refusal], bool]) -> Iterator[None]:
    """Expects an error of the client's own kind that says what it should. Raises AssertionError where none comes, or another."""
    caught: Refusal | None = None
    try:
        yield
    except kind as error:
        caught = error
    assert caught is not None, f"got no error; allowed: {kind.__name__}"
    assert rightly(caught), repr(caught)
