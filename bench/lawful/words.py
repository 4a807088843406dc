"""Whether written attempts are refused and ordinary requests of a fashion house are not; and attempts in disguise."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.lawful.disguises import DISGUISES
from contracts.safety.rules import SafetyRules
from contracts.safety.words import judge

FOLDER = Path(__file__).parent
_FIELDS = {"prompt": "prompt", "mask": "mask_prompt", "negative": "negative_prompt"}


@dataclass(frozen=True)
class Written:
    """One line of a file: what is asked for in which fields; ``kind`` is what it is, empty for an ordinary request."""

    kind: str
    fields: Mapping[str, str]
    rules: SafetyRules
    line: str

    @property
    def is_refused(self) -> bool:
        """Whether the gate refuses it."""
        return bool(judge(self.fields, self.rules))


def attempts() -> list[Written]:
    """What must be refused."""
    return list(_lines("attempts.txt"))


def ordinary() -> list[Written]:
    """What must not be."""
    return list(_lines("ordinary.txt"))


def disguised(written: Sequence[Written], seed: int) -> Iterator[tuple[str, Written]]:
    """Each attempt in each disguise that changes it, with the disguise's name."""
    dice = random.Random(seed)  # noqa: S311 - disguises are drawn, not secrets
    for name, change in DISGUISES.items():
        for each in written:
            fields = {field: change(words, dice) for field, words in each.fields.items()}
            if fields != each.fields:
                yield name, Written(each.kind, fields, each.rules, each.line)


def _lines(name: str) -> Iterator[Written]:
    for line in (FOLDER / name).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("# "):
            yield _read(line)


def _read(line: str) -> Written:
    parts = line.split(" | ")
    kind = "" if "=" in parts[0] else parts.pop(0)
    said = dict(part.split("=", 1) for part in parts)
    rules = SafetyRules.from_json({"sells": said.pop("sells", "").split()})
    return Written(kind, {_FIELDS[name]: words for name, words in said.items()}, rules, line)
