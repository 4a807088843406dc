"""Lines of what the API calls ``logs``."""


def note_line(note: str) -> str:
    """A note as one line: prompts and file names, which it may quote, hold any character."""
    return f"note: {' '.join(note.split())}\n"
