"""Keeps the libraries' progress bars and remarks out of what the commands print."""

import diffusers
import transformers


def silence_libraries() -> None:
    """Turn off loading bars, and everything below an error."""
    for library in (diffusers, transformers):
        library.utils.logging.set_verbosity_error()
        library.utils.logging.disable_progress_bar()
