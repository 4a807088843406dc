"""Forms as clients write them, and what is none."""

import pytest

from atelier_ops.logic.http import Request
from contracts.model_names import plain, qualified
from contracts.multipart import MOST_PARTS, read_parts
from tests.unit.ops_api import CLIENTS, Api

KIND = "multipart/form-data; boundary=xyz"


def form(*parts: str) -> bytes:
    return "".join(f"--xyz\r\n{part}\r\n" for part in parts).encode() + b"--xyz--\r\n"


def test_fields_and_files_in_their_order() -> None:
    head = 'Content-Disposition: form-data; name="image"; filename="앞 \\"1\\".png"\r\nContent-Type: IMAGE/PNG; a=b'
    first, second = read_parts(
        KIND, form(f"{head}\r\n\r\n\r\n--xy\n\0", 'content-disposition: form-data; name="n"\r\n\r\n')
    )
    assert (first.name, first.filename, first.content_type) == ("image", '앞 "1".png', "image/png")
    assert first.body == b"\r\n--xy\n\0"
    assert (second.name, second.filename, second.body) == ("n", None, b"")


def test_a_quoted_boundary_and_escapes_of_browsers() -> None:
    body = form('Content-Disposition: form-data; name="a"; filename="%22.png"\r\n\r\n1')
    (part,) = read_parts('multipart/form-data; charset=utf-8; boundary="xyz"', b"preamble\r\n" + body + b"epilogue")
    assert part.filename == '".png'


@pytest.mark.parametrize(
    ("disposition", "filename"),
    [
        ('form-data; name="a"; filename="%EC.png"', "%EC.png"),
        ("form-data; name=a; filename=x.png", "x.png"),
        ("FORM-DATA; Name=a; FileName*=utf-8'ko'%EC%95%9E.png", "앞.png"),
        ("form-data; name=a; filename=\"_.png\"; filename*=UTF-8''%EC%95%9E.png", "앞.png"),
        ("form-data; name=a; filename*=ISO-8859-1''%E9.png", "é.png"),
        (r'form-data; name="a"; filename="C:\dir\x;y.png"', r"C:\dir\x;y.png"),
    ],
)
def test_names_of_files_as_clients_write_them(disposition: str, filename: str) -> None:
    (part,) = read_parts(KIND, form(f"Content-Disposition: {disposition}\r\n\r\n1"))
    assert (part.name, part.filename) == ("a", filename)


@pytest.mark.parametrize(
    ("kind", "body", "words"),
    [
        ("multipart/form-data", form("x"), "names no boundary"),
        (KIND, b"nothing", "does not occur"),
        (KIND, b'--xyz\r\nContent-Disposition: form-data; name="a"\r\n\r\n1', "no closing boundary"),
        (KIND, form("no headers"), "no headers"),
        (KIND, form("Content-Disposition: form-data\r\n\r\n1"), "no name"),
        (KIND, form(*['Content-Disposition: form-data; name="a"\r\n\r\n1'] * (MOST_PARTS + 1)), "more than"),
    ],
)
def test_what_is_no_form_is_refused_in_words(kind: str, body: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_parts(kind, body)


def test_a_broken_form_is_400_and_another_type_415() -> None:
    api = Api()
    event = api.event_of("POST", "/v1/files", "nothing", None, {"Content-Type": KIND})
    assert api.event(event).status == 400
    assert api.event({**event, "body": "%%%", "isBase64Encoded": True}).status == 400
    assert Request(event, CLIENTS).kind == "multipart/form-data"
    assert api.call("POST", "/v1/files", "x", Content_Type="text/plain").status == 415


@pytest.mark.parametrize(
    ("reference", "version"),
    [
        ("me/skirt", "skirt"),
        ("me/skirt:skirt@3", "skirt@3"),
        ("me/skirt:3", "skirt@3"),
        ("me/base:base", "base"),
        ("skirt@3", "skirt@3"),
        ("", ""),
        ("me/coat:skirt@3", "me/coat:skirt@3"),
        ("a/b/c", "a/b/c"),
        ("/skirt", "/skirt"),
    ],
)
def test_names_in_replicates_form(reference: str, version: str) -> None:
    assert plain(reference) == version


def test_what_the_api_names_it_reads() -> None:
    assert plain(qualified("skirt@3")) == "skirt@3"
