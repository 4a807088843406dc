"""Forms with files: ``multipart/form-data`` (RFC 7578) as browsers and HTTP clients write it."""

import re
from dataclasses import dataclass

MOST_PARTS = 64
LONGEST_HEAD = 8_192
"""Bytes of a part's headers."""

_BOUNDARY = re.compile(r';\s*boundary=(?:"([^"]{1,70})"|([^\s;",]{1,70}))', re.IGNORECASE)
_PARAMETER = re.compile(r';\s*(name|filename)="((?:[^"\\]|\\.)*)"', re.IGNORECASE)
_ESCAPED = re.compile(r'\\(["\\])')


@dataclass(frozen=True, kw_only=True)
class FormPart:
    """One field of a form. ``filename`` is None where the field is no file."""

    name: str
    filename: str | None
    content_type: str
    body: bytes


def read_parts(content_type: str, body: bytes) -> list[FormPart]:
    """The fields of a form in order. Raises ValueError, saying what of it cannot be read."""
    found = _BOUNDARY.search(content_type)
    if found is None:
        raise ValueError("its Content-Type names no boundary")
    delimiter = b"\r\n--" + (found[1] or found[2]).encode()
    _, *pieces = (b"\r\n" + body).split(delimiter, MOST_PARTS + 1)
    if not pieces:
        raise ValueError("its boundary does not occur in it")
    parts: list[FormPart] = []
    for piece in pieces:
        if piece.startswith(b"--"):
            return parts
        parts.append(_part(piece))
    raise ValueError(f"it has no closing boundary, or more than {MOST_PARTS} parts")


def _part(piece: bytes) -> FormPart:
    # Spaces may follow a boundary (RFC 2046, 5.1.1).
    head, end, content = piece.lstrip(b" \t").partition(b"\r\n\r\n")
    if not end or len(head) > LONGEST_HEAD:
        raise ValueError(f"a part has no headers, or more than {LONGEST_HEAD} bytes of them")
    lines = [line.partition(":") for line in head.decode().split("\r\n") if line]
    headers = {name.strip().lower(): value.strip() for name, _, value in lines}
    said = {name.lower(): _plain(value) for name, value in _PARAMETER.findall(headers.get("content-disposition", ""))}
    if "name" not in said:
        raise ValueError("a part has no name")
    return FormPart(
        name=said["name"],
        filename=said.get("filename"),
        content_type=headers.get("content-type", "").split(";")[0].strip().lower(),
        body=content,
    )


def _plain(value: str) -> str:
    """A name as it was, whether it was escaped as RFC 7578's predecessors say or as browsers do."""
    plain = _ESCAPED.sub(r"\1", value)
    return plain.replace("%22", '"').replace("%0D", "\r").replace("%0A", "\n")
