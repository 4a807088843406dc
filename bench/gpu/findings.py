"""What a part of the check found: rows to read, numbers, and what is wrong."""

import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Findings:
    """``rows`` are printed; ``numbers`` go into the last line; a failure is a sentence."""

    rows: list[str] = field(default_factory=list)
    numbers: dict[str, Any] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def require(self, holds: bool, failure: str) -> None:
        """Keep the failure where it does not hold."""
        if not holds:
            self.failures.append(failure)


def check_all(parts: Mapping[str, Callable[[Findings], None]], seconds: float) -> Findings:
    """Have each part add to what is found; one that breaks is a failure, and the others are run all the same.

    No part is begun after that many ``seconds``: those are named as ``not_run``.
    """
    found, end = Findings(), time.monotonic() + seconds
    for name, part in parts.items():
        if time.monotonic() >= end:
            found.numbers.setdefault("not_run", []).append(name)
            continue
        before = len(found.rows)
        try:
            part(found)
        except Exception as error:  # noqa: BLE001  # whatever a driver or a library raises is a finding
            found.failures.append(f"{name}: {type(error).__name__}: {error}")
            found.rows.append(traceback.format_exc())
        print(f"== {name}", *found.rows[before:], sep="\n", flush=True)
    return found
