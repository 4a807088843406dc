"""Faults of the network that happen to one call: the services do not make them, so whoever tests what then happens switches them on."""

from pathlib import Path


class LostAnswers:
    """Calls of Step Functions that are carried out and whose answer does not arrive; kept in the run's folder, which both processes see."""

    def __init__(self, run_dir: Path) -> None:
        self._folder = run_dir / "faults"

    def switch_on(self, action: str) -> None:
        """Let the answer to the next ``action``, such as ``CreateTrainingJob``, be lost."""
        self._folder.mkdir(exist_ok=True)
        (self._folder / action).touch()

    def happens(self, action: str) -> bool:
        """Whether the answer to this call of ``action`` is lost; the next one's is not."""
        try:
            (self._folder / action).unlink()
        except FileNotFoundError:
            return False
        return True
