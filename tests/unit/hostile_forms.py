"""Forms that no honest client sends: each is a good form of a route, damaged in one way."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

EDGE = "edge"
KIND = f"multipart/form-data; boundary={EDGE}"


@dataclass(frozen=True, kw_only=True)
class HostileForm:
    """``fault`` says what is wrong. Without ``refused`` it is odd and still says one thing only."""

    fault: str
    kind: str = KIND
    body: bytes
    refused: bool = True


def hostile_forms(good: Mapping[str, str | bytes]) -> Iterator[HostileForm]:
    """Every way to damage a form with these fields."""
    whole = _form(*_parts(good))
    yield from _other_kinds(whole)
    yield from _broken_edges(whole)
    for name, value in good.items():
        others = [_part(other, each) for other, each in good.items() if other != name]
        for fault, part, refused in _odd_parts(name, value):
            yield HostileForm(fault=f"{name}: {fault}", body=_form(*others, part), refused=refused)
        yield HostileForm(fault=f"{name}: twice", body=_form(*others, _part(name, value), _part(name, value)))
    for count in (64, 65, 5_000):
        more = [_part(f"x{number}", "1") for number in range(count)]
        yield HostileForm(fault=f"{count} more parts", body=_form(*_parts(good), *more))
    required = next(iter(good))
    yield HostileForm(fault=f"no {required}", body=_form(*(_part(n, v) for n, v in good.items() if n != required)))


def _other_kinds(whole: bytes) -> Iterator[HostileForm]:
    kinds = {
        "no boundary": "multipart/form-data",
        "an empty boundary": "multipart/form-data; boundary=",
        "an empty quoted boundary": 'multipart/form-data; boundary=""',
        "a boundary that does not end": 'multipart/form-data; boundary="edge',
        "two boundaries": f"{KIND}; boundary=other",
        "another boundary": "multipart/form-data; boundary=Edge",
        "a boundary that begins so": "multipart/form-data; boundary=edg",
        "a boundary of 71 characters": f"multipart/form-data; boundary={'e' * 71}",
        "a boundary that is no ASCII": "multipart/form-data; boundary=\u00e9dge",
        "a comma for a semicolon": f"multipart/form-data, boundary={EDGE}",
        "multipart/mixed": f"multipart/mixed; boundary={EDGE}",
        "a list of types": f"{KIND}, text/plain",
    }
    yield from (HostileForm(fault=fault, kind=kind, body=whole) for fault, kind in kinds.items())
    odd = {
        "in capitals": KIND.replace("multipart/form-data; b", "MULTIPART/FORM-DATA;B"),
        "quoted": f'{KIND[:-4]}"{EDGE}"',
    }
    yield from (HostileForm(fault=fault, kind=kind, body=whole, refused=False) for fault, kind in odd.items())


def _broken_edges(whole: bytes) -> Iterator[HostileForm]:
    edge = f"--{EDGE}".encode()
    bodies = {
        "nothing": b"",
        "no closing boundary": whole.removesuffix(b"--\r\n"),
        "cut off in the middle": whole[: len(whole) // 2],
        "line feeds alone": whole.replace(b"\r\n", b"\n"),
        "carriage returns alone": whole.replace(b"\r\n", b"\r"),
        "no hyphens": whole.replace(edge, EDGE.encode()),
        "a longer word for a boundary": whole.replace(edge + b"\r\n", edge + b"X\r\n"),
        "more on a boundary's line": whole.replace(edge + b"\r\n", edge + b" x\r\n"),
        "twice": whole * 2,
        "more after its end": whole + whole.removeprefix(edge),
        "an end in the beginning": edge + b"--\r\n" + whole,
        "only an end": edge + b"--\r\n",
        "only boundaries": edge + b"\r\n" + edge + b"\r\n" + edge + b"--\r\n",
        "many boundaries": (edge + b"\r\n") * 20_000,
        "the form in a form": _form(f"Content-Type: {KIND}\r\n\r\n".encode() + whole),
        "zeros": b"\0" * 1_000,
        "half of a base64": b"%%%",
    }
    yield from (HostileForm(fault=fault, body=body) for fault, body in bodies.items())
    odd = {
        "a preamble": b"This is a form.\r\n" + whole,
        "an epilogue": whole + b"That was a form.\r\n",
        "spaces after boundaries": whole.replace(edge + b"\r\n", edge + b" \t\r\n"),
        "no last line end": whole.removesuffix(b"\r\n"),
    }
    yield from (HostileForm(fault=fault, body=body, refused=False) for fault, body in odd.items())


def _odd_parts(name: str, value: str | bytes) -> Iterator[tuple[str, bytes, bool]]:
    """A fault, the part that has it, whether it is to be refused."""
    content = value if isinstance(value, bytes) else value.encode()
    named = f'Content-Disposition: form-data; name="{name}"'

    def part(head: str | bytes, body: bytes = content) -> bytes:
        return (head if isinstance(head, bytes) else head.encode()) + b"\r\n\r\n" + body

    heads: dict[str, str | bytes] = {
        "no headers": "",
        "no name": "Content-Disposition: form-data",
        "an empty name": 'Content-Disposition: form-data; name=""',
        "an attachment": f'Content-Disposition: attachment; name="{name}"',
        "no disposition": f'name="{name}"',
        "two dispositions": f'{named}\r\nContent-Disposition: form-data; name="other"',
        "two names": f'{named}; name="other"',
        "a name with a line end": f'Content-Disposition: form-data; name="{name[:2]}\r\n{name[2:]}"',
        "a name with a line feed": f'Content-Disposition: form-data; name="{name[:2]}\n{name[2:]}"',
        "a name with %0D%0A": f'Content-Disposition: form-data; name="{name}%0D%0A"',
        "a header by a name's line end": f'Content-Disposition: form-data; name="x\r\n{named}',
        "a name with a zero": f'Content-Disposition: form-data; name="{name}\0"',
        "a name that does not end": f'Content-Disposition: form-data; name="{name}',
        "a name by RFC 8187 alone": f"Content-Disposition: form-data; name*=UTF-8''{name}",
        "a long name": f'Content-Disposition: form-data; name="{"x" * 9_000}"',
        "a name's capitals": f'Content-Disposition: form-data; name="{name.upper()}"',
        "a folded header": f"Content-Disposition: form-data;\r\n name={name}",
        "a line without a colon": f"{named}\r\nContent-Type",
        "headers in UTF-16": f'Content-Disposition: form-data; name="{name}"'.encode("utf-16"),
        "headers that are no UTF-8": named.encode() + b'; filename="\xff"',
        "another length": f"{named}\r\nContent-Length: {len(content) + 1}",
        "a length that is none": f"{named}\r\nContent-Length: -1",
        "two lengths": f"{named}\r\nContent-Length: {len(content)}\r\nContent-Length: 3",
        "base64": f"{named}\r\nContent-Transfer-Encoding: base64",
        "quoted-printable": f"{named}\r\nContent-Transfer-Encoding: quoted-printable",
        "a form of its own": f"{named}\r\nContent-Type: multipart/mixed; boundary=inner",
        "2,000 headers": f"{named}\r\n" + "\r\n".join(f"X{number}: 1" for number in range(2_000)),
        "a name of a file in no charset": f"{named}; filename*=KLINGON''a",
        "a name of a file that is no UTF-8": f"{named}; filename*=UTF-8''%ff",
        "a name of a file that ends in a backslash": f'{named}; filename="a.png\\"',
        "two names of a file": f'{named}; filename="a.png"; filename="b.png"',
    }
    yield from ((fault, part(head), True) for fault, head in heads.items())
    odd = {
        "its length": f"{named}\r\nContent-Length: {len(content)}",
        "its name without quotes": f"Content-Disposition: form-data; name={name}",
        "encoded as it is": f"{named}\r\nContent-Transfer-Encoding: binary",
    }
    yield from ((fault, part(head), False) for fault, head in odd.items())
    if isinstance(value, str):
        yield "text that is no UTF-8", part(named, b"\xc0\xaf"), True
        yield (
            "text in UTF-16",
            part(f"{named}\r\nContent-Type: text/plain; charset=utf-16", value.encode("utf-16")),
            True,
        )
        yield "text in EUC-KR", part(f"{named}\r\nContent-Type: text/plain; charset=euc-kr"), True
        yield (
            "a file for a text",
            part(f'{named}; filename="a.png"\r\nContent-Type: image/png', b"\x89PNG\r\n\x1a\n"),
            True,
        )
    else:
        yield "a text for a file", part(named, b"street.png"), True
        yield "an empty file", part(f'{named}; filename=""\r\nContent-Type: application/octet-stream', b""), True
        yield from (
            (f"its file is called {each[:20]!a}", part(f'{named}; filename="{each}"'), False) for each in FILENAMES
        )


FILENAMES = (
    "", ".", "..", "/", "../../x.png", "..\\..\\x.png", "/etc/passwd", "C:\\x.png", "a/b.png", "a\0.png", "a%0D%0Ab.png",
    "%2e%2e%2f.png", "x" * 5_000 + ".png", "\u202egnp.exe", "\uc55e.png", "\U0001f457.png", "a.png/", "a.png;b.exe", "a.PNG", "a.png ",
    " .png", "-rf.png", "con.png", "'; drop.png", "<b>.png", "$(id).png", "${jndi}.png", "a.svg", "a.html", ".htaccess", "a.png.html",
    "manifest.json", "latest.json",
)  # fmt: skip


def _parts(fields: Mapping[str, str | bytes]) -> list[bytes]:
    return [_part(name, value) for name, value in fields.items()]


def _part(name: str, value: str | bytes) -> bytes:
    file = '; filename="a.png"' if isinstance(value, bytes) else ""
    head = f'Content-Disposition: form-data; name="{name}"{file}\r\n\r\n'
    return head.encode() + (value if isinstance(value, bytes) else value.encode())


def _form(*parts: bytes) -> bytes:
    return b"".join(b"--edge\r\n" + part + b"\r\n" for part in parts) + b"--edge--\r\n"
