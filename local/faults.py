"""What goes wrong in AWS now and then, switched on by whoever tests what happens then. Kept in the run's folder, which processes share."""

import json
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from pydantic import TypeAdapter

_QUOTAS = TypeAdapter(dict[str, int])


class Fault(StrEnum):
    """What may happen to one call."""

    LOST_ANSWER = "lost-answer"
    """A call of Step Functions is carried out, and its answer does not arrive. The subject is the action, such as `CreateTrainingJob`."""

    THROTTLED = "throttled"
    """A call of SageMaker is refused, because there were too many. The subject is the action."""

    UNSEEN = "unseen"
    """A record that was just made is not found by the next call that names it. The subject is its kind, such as `EndpointConfig`."""


class Faults:
    """Faults that are switched on, the account's quotas, and instance types of which there are none left."""

    def __init__(self, run_dir: Path) -> None:
        self._folder = run_dir / "faults"

    def switch_on(self, fault: Fault, subject: str, *, times: int = 1) -> None:
        """Let the fault happen to the next calls of the subject."""
        self._folder.mkdir(exist_ok=True)
        for number in range(times):
            (self._folder / f"{fault}-{subject}-{number}").touch()

    def happens(self, fault: Fault, subject: str) -> bool:
        """Whether the fault happens to this call; each time that it was switched on counts once."""
        for switch in sorted(self._folder.glob(f"{fault}-{subject}-*")):
            try:
                switch.unlink()
            except FileNotFoundError:
                continue  # another call was faster
            return True
        return False

    def set_quotas(self, quotas: Mapping[str, int]) -> None:
        """Limit what may run at a time, by the names of Service Quotas (`ml.g5.xlarge for endpoint usage`); others have no limit."""
        self._folder.mkdir(exist_ok=True)
        self._quotas.write_text(json.dumps(dict(quotas)), encoding="utf-8")

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

    @property
    def _quotas(self) -> Path:
        return self._folder / "quotas.json"

    def _shortage(self, instance_type: str) -> Path:
        return self._folder / f"used-up-{instance_type}"
