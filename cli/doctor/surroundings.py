"""What the doctor looks at: a stage's settings, AWS with the caller's credentials, and programs of this machine."""

import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Protocol

from infra.settings.stage import Stage

SECONDS = 30
"""How long a program may take to answer."""


class Clients(Protocol):
    """Makes boto3 clients."""

    def __call__(self, service: str, region: str = "", /) -> Any:
        """One of a service, in the region."""


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """``client`` makes a boto3 client of a service, which asks in ``region`` where no other is named; ``run`` answers a program's output or
    raises OSError.
    """

    stage: Stage
    region: str
    client: Clients
    run: Callable[[Sequence[str]], str]
    environment: Mapping[str, str]
    today: date = field(default_factory=lambda: datetime.now(UTC).date())


def run_program(command: Sequence[str]) -> str:
    """What the program prints. Raises OSError with its last words where it is missing, fails, or does not answer in time."""
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS)
    except subprocess.TimeoutExpired as error:
        raise OSError(f"{command[0]} did not answer within {SECONDS} s") from error
    if result.returncode:
        words = (result.stderr or result.stdout).strip().splitlines()
        raise OSError(words[-1] if words else f"{command[0]} ended with {result.returncode}")
    return result.stdout.strip()
