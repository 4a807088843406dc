"""What ends a command without a traceback: the errors that whoever gave it can understand, and what is said of each."""

import sys

from contracts.errors import InvalidInputError

_SLOW = {
    "atelier.errors": ("ApiError",),
    "atelier.places": ("NoPlaceError",),
    "atelier_ops.errors": ("SourceFileError",),
    "local.errors": ("LocalCloudError",),
    "botocore.exceptions": ("BotoCoreError", "ClientError"),
    "boto3.exceptions": ("Boto3Error",),
}
"""Errors of modules that are slow to import: whoever raised one has imported its module already."""


class CommandError(RuntimeError):
    """A command could not do what it was asked for; the text says why, to whoever asked."""


def explanation(error: Exception) -> str:
    """The lines that are said of an error, what to do among them; empty where it is no user's but a fault of this program."""
    if isinstance(error, (CommandError, InvalidInputError)) or _is_slow(error):
        return "\n".join([f"{type(error).__name__}: {error}", *_advice(error)])
    from infra.settings.faults import fault  # help needs no settings

    if text := fault(error):
        return text
    if isinstance(error, OSError) and error.filename is not None:
        return f"{type(error).__name__}: {error.filename}: {error.strerror}"
    return ""


def _is_slow(error: Exception) -> bool:
    found = ((sys.modules.get(module), names) for module, names in _SLOW.items())
    return any(isinstance(error, getattr(module, name)) for module, names in found if module for name in names)


def _advice(error: Exception) -> list[str]:
    if "botocore.exceptions" not in sys.modules:
        return []
    from cli.advice import advice

    return [f"→ {text}"] if (text := advice(error)) else []
