"""What goes wrong in AWS now and then, switched on by whoever tests what happens then. Kept in the run's folder, which processes share."""

import json
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path

from pydantic import TypeAdapter

_QUOTAS = TypeAdapter(dict[str, int])


class Fault(StrEnum):
    """What may happen to one call, or to one delivery.

    The subject of a call is its action: with its service (`dynamodb:PutItem`) where a function, a job or a model server makes it; bare
    (`CreateTrainingJob`) for SageMaker whoever calls it, a state machine too. The subject of a delivery is SNS or EVENTS.
    """

    LOST_ANSWER = "lost-answer"
    """A call is carried out, and its answer does not arrive. Bare actions: those of Step Functions' own integrations."""

    THROTTLED = "throttled"
    """A call is refused, because there were too many."""

    FAILED = "failed"
    """A call is not carried out, and answered 500. Not for bare actions, as the next one."""

    UNAVAILABLE = "unavailable"
    """A call is not carried out, and answered 503."""

    UNSEEN = "unseen"
    """A record that was just made is not found by the next call that names it. The subject is its kind, such as `EndpointConfig`."""

    DROPPED = "dropped"
    """A delivery is not made."""

    DOUBLED = "doubled"
    """A delivery is made twice, at the same time."""

    DELAYED = "delayed"
    """A delivery is made some seconds later."""

    REORDERED = "reordered"
    """A delivery is made after the next one of its kind, or some seconds later where none comes."""


CALLS = (Fault.LOST_ANSWER, Fault.THROTTLED, Fault.FAILED, Fault.UNAVAILABLE)
DELIVERIES = (Fault.DROPPED, Fault.DOUBLED, Fault.DELAYED, Fault.REORDERED)
SNS, EVENTS = "notification", "event"
"""What a topic sends to a function, and what a rule of EventBridge sends to its target."""


class Faults:
    """Faults that are switched on, the account's quotas, and instance types of which there are none left."""

    def __init__(self, run_dir: Path) -> None:
        self._folder = run_dir / "faults"

    def switch_on(self, fault: Fault, subject: str, *, times: int = 1) -> None:
        """Let the fault happen to the next calls or deliveries of the subject."""
        self._folder.mkdir(exist_ok=True)
        for _ in range(times):
            (self._folder / f"{fault}-{subject}-{uuid.uuid4().hex}").touch()

    def switch_off(self) -> Counter[Fault]:
        """Let nothing more happen to calls and deliveries; says how often each fault was switched on and did not happen."""
        return Counter(fault for fault in Fault for switch in self._folder.glob(f"{fault}-*") if _took(switch))

    def first(self, faults: Iterable[Fault], subject: str) -> Fault | None:
        """The first of these faults that happens to this call or delivery, if one does."""
        return next((fault for fault in faults if self.happens(fault, subject)), None)

    def happens(self, fault: Fault, subject: str) -> bool:
        """Whether the fault happens to this call; each time that it was switched on counts once."""
        return any(map(_took, self._folder.glob(f"{fault}-{subject}-*")))

    def set_quotas(self, quotas: Mapping[str, int]) -> None:
        """Limit what may run at a time, by the names of Service Quotas (`ml.g5.xlarge for endpoint usage`); others have no limit."""
        self._folder.mkdir(exist_ok=True)
        self._quotas.write_text(json.dumps(dict(quotas)), encoding="utf-8")

    def set_room(self, free: int | None) -> None:
        """Let the disk have no more than so many bytes free; None: those that it has."""
        self._folder.mkdir(exist_ok=True)
        if free is None:
            self._room.unlink(missing_ok=True)
        else:
            staged = self._room.with_suffix(".new")
            staged.write_text(str(free), encoding="utf-8")
            staged.replace(self._room)

    @property
    def room(self) -> int | None:
        """The bytes that are free at most, None where the disk says it."""
        try:
            return int(self._room.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None

    def quota(self, name: str) -> int | None:
        """The limit of that name, if there is one."""
        return _QUOTAS.validate_json(self._quotas.read_bytes()).get(name) if self._quotas.exists() else None

    def use_up(self, instance_type: str) -> None:
        """Let AWS have no instance of the type left, until `restock`."""
        self._folder.mkdir(exist_ok=True)
        self._shortage(instance_type).touch()

    def restock(self, instance_type: str) -> None:
        """Let there be instances of the type again."""
        self._shortage(instance_type).unlink(missing_ok=True)

    def available(self, instance_type: str) -> bool:
        """Whether AWS has instances of the type."""
        return not self._shortage(instance_type).exists()

    def set_clock(self, seconds: float, *, signing: bool = True) -> None:
        """Put the clocks of functions so far ahead of this machine's, or behind it; of those that start after the first call of this.

        Without ``signing`` they go on to sign by this machine's: services refuse what is signed more than 5 minutes early or late.
        """
        self._folder.mkdir(exist_ok=True)
        staged = self.clock.with_suffix(".new")
        staged.write_text(f"{seconds} {seconds if signing else 0}", encoding="utf-8")
        staged.replace(self.clock)

    @property
    def clock(self) -> Path:
        """The file that says how far ahead the clocks of functions are, once one was set."""
        return self._folder / "clock"

    @property
    def _room(self) -> Path:
        return self._folder / "room"

    @property
    def _quotas(self) -> Path:
        return self._folder / "quotas.json"

    def _shortage(self, instance_type: str) -> Path:
        return self._folder / f"used-up-{instance_type}"


def _took(switch: Path) -> bool:
    """Whether the switch was still there: another call may have been faster."""
    try:
        switch.unlink()
    except FileNotFoundError:
        return False
    return True
