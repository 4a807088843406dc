"""What a run did, as its execution's events tell: the state at work, and the lines that the API calls ``logs``."""

from collections.abc import Sequence
from datetime import datetime

from atelier_ops.gateways.workflow import StateEvent
from atelier_ops.logic.timestamps import rfc3339

REPORTING = "RecordFailure"
"""The state that reports a failure is not the one that failed."""


def stage(events: Sequence[StateEvent]) -> str | None:
    """The state that does work now, or did last."""
    entered = [event.state for event in events if event.entered and event.kind == "Task" and event.state != REPORTING]
    return entered[-1] if entered else None


def logs(events: Sequence[StateEvent]) -> str:
    """A line for each state that started or finished work, with what it took, and its notes on what was not used or looks wrong.

    A state that looks at a job time and again, with waits between, works from its first look to its last.
    """
    lines, since, waiting = list[str](), dict[str, datetime](), False
    for event in events:
        if event.kind == "Wait" and event.entered:
            del lines[-1:]  # the look's end, which is not the work's
            waiting = True
        elif event.kind != "Task":
            continue
        elif event.entered and waiting:
            waiting = False
        elif event.entered:
            since[event.state] = event.at
            lines.append(f"{rfc3339(event.at)} {event.state} started\n")
        else:
            seconds = (event.at - since.get(event.state, event.at)).total_seconds()
            lines.append(f"{rfc3339(event.at)} {event.state} finished in {seconds:.1f} s\n")
            lines += map(note_line, event.notes)
    return "".join(lines)


def note_line(note: str) -> str:
    """A note as one line: prompts and file names, which it may quote, hold any character."""
    return f"note: {' '.join(note.split())}\n"
