"""Forms with files: ``multipart/form-data`` (RFC 7578) as browsers and HTTP clients write it.

What could be read in two ways is refused: a header or a parameter that comes twice, a length that is another, what no form of today has.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

MOST_PARTS = 64
LONGEST_HEAD = 8_192
"""Bytes of a part's headers."""

LONGEST_BOUNDARY = 70
"""Characters (RFC 2046, 5.1.1)."""

_FORM_DATA = "form-data"
_KEPT_AS_IT_IS = ("", "7bit", "8bit", "binary")
"""Transfer encodings that encode nothing. Forms have no others (RFC 7578, 4.7)."""

_PARAMETER = re.compile(r';\s*([!#$%&*+.^_`|~0-9A-Za-z-]+)=("(?:[^"\\]|\\.)*"|[^\s;"]*)\s*')
_ESCAPED = re.compile(r'\\(["\\])')
_CHARSETS = ("utf-8", "iso-8859-1")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


@dataclass(frozen=True, kw_only=True)
class FormPart:
    """One field of a form. ``filename`` is None where the field is no file; ``charset`` is as it is said, in lower case."""

    name: str
    filename: str | None
    content_type: str
    body: bytes
    charset: str = ""


def read_parts(content_type: str, body: bytes) -> list[FormPart]:
    """The fields of a form in order. Raises ValueError, saying what of it cannot be read."""
    _, *pieces = (b"\r\n" + body).split(b"\r\n--" + _boundary(content_type).encode(), MOST_PARTS + 1)
    if not pieces:
        raise ValueError("its boundary does not occur in it, on a line of its own that ends in CR LF")
    parts: list[FormPart] = []
    for number, piece in enumerate(pieces, 1):
        if piece.startswith(b"--"):
            if number < len(pieces):
                raise ValueError("it goes on after its closing boundary")
            return parts
        parts.append(_part(piece))
    raise ValueError(f"it has no closing boundary, or more than {MOST_PARTS} parts")


def _boundary(content_type: str) -> str:
    boundary = _parameters(content_type, "its Content-Type")[1].get("boundary", "")
    if not boundary:
        raise ValueError("its Content-Type names no boundary")
    if len(boundary) > LONGEST_BOUNDARY:
        raise ValueError(
            f"its boundary has {len(boundary)} characters, and no more than {LONGEST_BOUNDARY} are allowed"
        )
    return boundary


def _part(piece: bytes) -> FormPart:
    # Spaces may follow a boundary (RFC 2046, 5.1.1), and nothing else: a longer word is another boundary.
    head, end, content = piece.lstrip(b" \t").partition(b"\r\n\r\n")
    if not head.startswith(b"\r\n") and head:
        raise ValueError("a boundary is followed by more on its line")
    if not end or len(head) > LONGEST_HEAD:
        raise ValueError(f"a part has no headers, or more than {LONGEST_HEAD} bytes of them")
    headers = _headers(head)
    kind, said = _parameters(headers.get("content-disposition", ""), "a part's Content-Disposition")
    if kind.lower() != _FORM_DATA or "name" not in said:
        raise ValueError(f"a part has no name: its Content-Disposition is not {_FORM_DATA} with one")
    content_type, of_type = _parameters(headers.get("content-type", ""), f"the Content-Type of part {said['name']!r}")
    _check(said["name"], headers, content_type, content)
    return FormPart(
        name=said["name"],
        filename=said.get("filename*", said.get("filename")),
        content_type=content_type.lower(),
        body=content,
        charset=of_type.get("charset", "").lower(),
    )


def _headers(head: bytes) -> Mapping[str, str]:
    """By name in lower case."""
    try:
        lines = [line.partition(":") for line in head.decode().split("\r\n") if line]
    except UnicodeDecodeError as error:
        raise ValueError("a part's headers are no UTF-8") from error
    names = [name.lower() for name, _, _ in lines]
    if any(
        not colon or not _HEADER_NAME.fullmatch(name) or "\n" in value or "\r" in value for name, colon, value in lines
    ):
        raise ValueError("a line of a part's headers is none: a name, a colon, and what it says, up to CR LF")
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"a part has {' and '.join(twice)} twice")
    return {name.lower(): value.strip() for name, _, value in lines}


def _parameters(header: str, what: str) -> tuple[str, Mapping[str, str]]:
    """What a header says, and its parameters by name in lower case. Raises ValueError, calling the header ``what``."""
    value, parameters, at = header.partition(";")[0], dict[str, str](), len(header.partition(";")[0])
    while at < len(header):
        found = _PARAMETER.match(header, at)
        if not found:
            if not header[at:].strip("; \t"):
                break
            raise ValueError(f"{what} cannot be read after {header[:at]!r}")
        name = found[1].lower()
        if name in parameters:
            raise ValueError(f"{what} says {name} twice")
        parameters[name] = _extended(found[2], what) if name.endswith("*") else _plain(found[2])
        at = found.end()
    return value.strip(), parameters


def _check(name: str, headers: Mapping[str, str], content_type: str, content: bytes) -> None:
    """Raise ValueError where a part's body is not what stands there."""
    if content_type.lower().startswith("multipart/"):
        raise ValueError(f"part {name!r} is {content_type}: a form has one field a part")
    encoding = headers.get("content-transfer-encoding", "")
    if encoding.lower() not in _KEPT_AS_IT_IS:
        raise ValueError(f"part {name!r} is encoded as {encoding}: send it as it is")
    length = headers.get("content-length", str(len(content)))
    if length != str(len(content)):
        raise ValueError(f"part {name!r} says that it has {length} bytes, and has {len(content)}")


def _plain(value: str) -> str:
    """A value as it was, whether it was escaped as RFC 7578's predecessors say or as browsers do."""
    if not value.startswith('"'):
        return value
    return _ESCAPED.sub(r"\1", value[1:-1]).replace("%22", '"').replace("%0D", "\r").replace("%0A", "\n")


def _extended(value: str, what: str) -> str:
    """A value as RFC 8187 writes it (``UTF-8''%EC%95%9E``), as some clients still do with the name of a file."""
    charset, _, rest = value.partition("'")
    if charset.lower() not in _CHARSETS:
        raise ValueError(f"{what} has a value in {charset or 'no charset'}: {' or '.join(_CHARSETS)} are read")
    try:
        return unquote(rest.partition("'")[2], encoding=charset, errors="strict")
    except UnicodeDecodeError as error:
        raise ValueError(f"{what} has a value that is no {charset}") from error
