"""What a processing job that succeeded has to say: SageMaker shows it with the job, and the run's output and logs hold it."""

from collections.abc import Sequence
from pathlib import Path

MOST_BYTES = 1024
"""SageMaker keeps this much of a processing job's message."""
_REST = "…\nthe report has the rest"


def leave_notes(notes: Sequence[str], message: Path) -> None:
    """Write ``notes`` to ``message``, a line each, as far as SageMaker keeps them. To be called last: a failure's reason lies there too."""
    text = "\n".join(" ".join(note.split()) for note in notes)
    if len(text.encode()) > MOST_BYTES:
        text = text.encode()[: MOST_BYTES - len(_REST.encode())].decode(errors="ignore") + _REST
    if text:
        message.parent.mkdir(parents=True, exist_ok=True)
        message.write_text(text, encoding="utf-8")
