"""The log: one JSON object a line, without pictures, prompts or predictions' ids; tracebacks go here and nowhere else."""

import json
import logging
import sys
from collections.abc import Iterable
from contextvars import ContextVar

from contracts.log_names import by_log_names

_LIBRARIES = ("diffusers", "transformers")
_SHORTEST = 3
"""Letters of a text that is hidden: without a shorter one's letters no traceback could be read."""
_private: ContextVar[tuple[str, ...]] = ContextVar("private", default=())


def keep_private(words: Iterable[str]) -> None:
    """Leave these texts of a request out of what is logged while it is answered: an unexpected error may quote them."""
    long = [word for word in words if len(word) >= _SHORTEST]
    _private.set(tuple(sorted({*long, *(repr(word)[1:-1] for word in long)}, key=len, reverse=True)))


class JsonLines(logging.Formatter):
    """Formats a record as one JSON object: time, level, message, whatever ``extra={"fields": {…}}`` adds, and a traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        line = {"time": self.formatTime(record), "level": record.levelname, "message": _public(record.getMessage())}
        line.update(getattr(record, "fields", {}))
        if record.exc_info:
            line["traceback"] = _public(self.formatException(record.exc_info))
        return by_log_names(json.dumps(line))


def configure() -> None:
    """Send everything from INFO up to standard output as JSON lines."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.captureWarnings(True)
    for noisy in ("httpx", "botocore"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def take_over_libraries() -> None:
    """Once they are imported: they write to standard error by themselves, and their warnings quote prompts."""
    for name in _LIBRARIES:
        library = logging.getLogger(name)
        library.handlers.clear()
        library.propagate = True
        library.setLevel(logging.ERROR)


def _public(text: str) -> str:
    for words in _private.get():
        text = text.replace(words, "…")
    return text
