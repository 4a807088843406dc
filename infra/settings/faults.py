"""Where in ``infra/config.py`` a setting is wrong, and what is: said in a line, without the way that Python took there."""

import re
import traceback
from dataclasses import fields
from difflib import get_close_matches
from typing import Any

CONFIG = "infra/config.py"
_UNKNOWN = re.compile(r"(\w+)\.__init__\(\) got an unexpected keyword argument '(\w+)'")
_MISSING = re.compile(r"(\w+)\.__init__\(\) missing \d+ required keyword-only arguments?: (.+)")


def fault(error: Exception) -> str:
    """``infra/config.py, line 88: media_days: got …``; empty where the error did not come of making the stages."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.name == "<module>" and frame.filename.endswith(CONFIG)]
    if not lines or not isinstance(error, ValueError | TypeError):
        return ""
    return f"{CONFIG}, line {lines[-1]}: {_words(str(error), error)}"


def _words(text: str, error: Exception) -> str:
    if unknown := _UNKNOWN.search(text):
        names = _names(unknown[1], error)
        near = get_close_matches(unknown[2], names, n=1)
        return f"{unknown[1]}: got {unknown[2]!r}; allowed: {', '.join(names)}" + (
            f"; nearest: {near[0]}" if near else ""
        )
    if missing := _MISSING.search(text):
        return f"{missing[1]}: missing {missing[2]}"
    return text


def _names(kind: str, error: Exception) -> list[str]:
    """The settings that a class has, which the line that failed knows by its name."""
    trace = error.__traceback__
    while trace is not None:
        found: Any = trace.tb_frame.f_globals.get(kind)
        if isinstance(found, type):
            return [field.name for field in fields(found)]
        trace = trace.tb_next
    return []
