"""The written attempts and ordinary requests, all of them: they are quick, so every change of the rules meets them."""

import hashlib

from bench.lawful.disguises import DISGUISES
from bench.lawful.words import attempts, disguised, ordinary

FEWEST = 600
MOST_DISGUISED = 0.02
"""Share of disguised attempts that may go through: what they are is told in docs/safety.md."""


def test_no_written_attempt_goes_through() -> None:
    written = attempts()
    assert len(written) >= FEWEST
    assert [each.line for each in written if not each.is_refused] == []


def test_ordinary_requests_do() -> None:
    written = ordinary()
    assert len(written) >= FEWEST
    refused = [each.line for each in written if each.is_refused]
    assert len(refused) <= len(written) / 100, refused


def test_no_line_is_written_twice() -> None:
    for written in (attempts(), ordinary()):
        digests = [hashlib.sha256(each.line.encode()).hexdigest() for each in written]
        assert len(set(digests)) == len(digests)


def test_disguises_are_looked_through() -> None:
    every = list(disguised(attempts(), seed=1))
    assert {name for name, _ in every} == set(DISGUISES)
    through = [(name, each.line) for name, each in every if not each.is_refused]
    assert len(through) <= len(every) * MOST_DISGUISED, through
