"""How messages spell what was got: as JSON and people do, not as Python does."""

import math
import reprlib

_LONGEST = 120


class _Spelling(reprlib.Repr):
    """Values inside others. ``repr1`` of the standard library looks for a method that is called after the value's type."""

    def repr_NoneType(self, _: None, __: int) -> str:  # noqa: N802 - the type's name
        return "null"

    def repr_bool(self, value: bool, _: int) -> str:
        return "true" if value else "false"

    def repr_bytes(self, value: bytes, _: int) -> str:
        text = value.decode("ascii", "replace")
        return f"the bytes {text!r}" if text.isascii() and text.isprintable() else f"the bytes {value.hex(' ')}"

    def repr_float(self, value: float, _: int) -> str:
        return repr(value) if math.isfinite(value) else {"nan": "NaN", "inf": "Infinity"}.get(str(value), "-Infinity")

    def repr_PosixPath(self, value: object, _: int) -> str:  # noqa: N802 - the type's name
        return repr(str(value))

    def repr_tuple(self, value: tuple[object, ...], level: int) -> str:
        return self.repr_list(list(value), level)


_SPELLING = _Spelling()
_SPELLING.maxstring = _SPELLING.maxother = _LONGEST // 2


def spelled(value: object) -> str:
    """What was got, in at most 120 characters: ``nothing``, ``true``, ``'a text'``, ``12``, ``{'a': null}``, ``the bytes ff d8``."""
    if value is None:
        return "nothing"
    text = repr(value) if isinstance(value, str) else _SPELLING.repr(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
