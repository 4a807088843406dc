"""The log: one JSON object a line, without pictures or prompts; tracebacks go here and nowhere else."""

import json
import logging
import sys


class JsonLines(logging.Formatter):
    """Formats a record as one JSON object: time, level, message, whatever ``extra={"fields": {…}}`` adds, and a traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        line = {"time": self.formatTime(record), "level": record.levelname, "message": record.getMessage()}
        line.update(getattr(record, "fields", {}))
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line)


def configure() -> None:
    """Send everything from INFO up to standard output as JSON lines."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.captureWarnings(True)
    for noisy in ("httpx", "botocore", "diffusers", "transformers"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
