"""Requests that no honest client sends, made from what docs/openapi.json says: every route, method and field, and ways to damage each."""

import json
import random
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from contracts.routes.table import ROUTES
from docs.openapi import document
from tests.unit.hostile_forms import hostile_forms
from tests.unit.ops_api import form_of
from tests.unit.ops_fakes import PNG

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "BREW")
_PREDICTION = {"input": {"prompt": "a photo of a red skirt", "mode": "text_to_image", "width": 64, "height": 64}}
_TRAINING = {"destination": "me/skirt", "input": {"dataset": "datasets/skirt/", "target": "a skirt"}}
GOOD: Mapping[str, Any] = {
    "create_prediction": _PREDICTION,
    "create_model_prediction": _PREDICTION,
    "create_deployment_prediction": _PREDICTION,
    "generate_images": {"prompt": "a red skirt", "size": "64x64"},
    "create_batch": {**_PREDICTION, "items": [{"colour": "red"}]},
    "resume_batch": {"concurrency": 2},
    "create_training": _TRAINING,
    "create_model_training": _TRAINING,
    "resume_training": {"gate": {}},
    "put_captions": {"captions": [{"file_name": "a.png", "text": "a photo of sks coat"}]},
    "create_file": {"name": "photo.png", "content_type": "image/png", "purpose": "upload"},
    "approve_version": {"reason": "the hem is right"},
    "reject_version": {"reason": "the hem is wrong"},
    "evaluate_version": {"dataset": "datasets/coat/"},
    "roll_back_style": {"leave": "coat@2"},
    "create_version": {"weights": "uploads/0/u1/x.safetensors", "instance_prompt": "a photo of sks coat"},
}
"""A body of each route that takes one."""
FORMS: Mapping[str, Mapping[str, str | bytes]] = {
    "create_file": {"content": PNG, "metadata": "{}"},
    "search_and_replace": {"image": PNG, "prompt": "a red skirt", "search_prompt": "a skirt"},
    "edit_images": {"image": PNG, "prompt": "a red skirt", "n": "1"},
}
"""The fields of each route that takes a form."""

VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, -(2**63) - 1, 10**40, 0.5, -0.0, 1e308, 1e-320,
    "", " ", "\0", "\ud800", "a\udfff", "\u202e", "é" * 300, "😀" * 40, "x" * 5_000, "a\nb", "../../x", "%00", "{{7*7}}", "$(id)",
    "s3://", "s3://media/uploads/../secret", "S3://media/uploads/x", "http://169.254.169.254/", "file:///etc/passwd",
    "data:image/png;base64,",
    "AAAA", "iVBORw0KGgo=", "NaN", "1e9", "null",
    [], [None], [[[]]], ["x"] * 300, [1, "a", {}], {}, {"": ""}, {"__proto__": {}}, {"a": {"b": {"c": {}}}}, {"$ref": "#"},
)  # fmt: skip
RAW = (
    "", " ", "null", "[]", "3", '"text"', "{", "}", "{]", '{"input":', '{"input": {}} x', "{'input': {}}", '{"input": NaN}',
    '{"input": -Infinity}',
    '{"input": 1e999999}', '{"input": ' + "9" * 5_000 + "}", '{"input": {}, "input": {}}', '{"a":' * 2_000, "[" * 100_000,
    '{"a":' * 50_000 + "1" + "}" * 50_000,
    '{"input": "\\ud800"}', '{"\\ud800": 1}', '{"input": "\\u00"}', '{"input": "\t"}', "\ufeff{}", '{"input": {"prompt": "\\u0000"}}',
    '{"":{}}', "{" + '"a":1,' * 20_000 + '"b":1}',
    "--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--x--", "<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
    "input=1&version=2",
)  # fmt: skip
BYTES = (
    b"\xff\xfe\x00",
    b"\x80",
    b'{"input": "\xff"}',
    b"\x1f\x8b\x08\x00",
    '{"input": {}}'.encode("utf-16"),
    '{"input": {}}'.encode("utf-32"),
    b"\0" * 64,
)
IDS = (
    "a" * 26,
    "0",
    "x" * 80,
    "x" * 81,
    "x" * 5_000,
    "..",
    ".",
    "%00",
    "\0",
    "a\nb",
    "é",
    "😀",
    "\u202e",
    "{id}",
    "a%2Fb",
    "a b",
    "<script>",
    "'",
    '"',
    "\\",
    ";",
    "null",
    "-1",
)
PATHS = (
    "", "/", "//", "/v1", "/v1/", "/v1//predictions", "/v2/predictions", "/v1/predictions/", "/V1/PREDICTIONS",
    "/v1/predictions/a/b/c", "/v1/%2e%2e/x", "/v1/" + "a/" * 500, "/" + "x" * 8_000, "/\0", "/é", "/%ff", "/favicon.ico",
    "/v1/styles//versions", "/{proxy+}",
)  # fmt: skip
HEADERS: tuple[Mapping[str, str], ...] = (
    {}, {"Content-Type": ""}, {"Content-Type": "text/plain"}, {"Content-Type": "application/json; charset=utf-16"},
    {"Content-Type": "APPLICATION/JSON"}, {"Content-Type": "application/jsonp"},
    {"Content-Type": "multipart/form-data; boundary=x"}, {"Content-Type": "application/json" + ";" * 2_000},
    {"Content-Type": "\u00e9"}, {"Content-Encoding": "gzip"}, {"Accept": "image/png"},
    {"Idempotency-Key": ""}, {"Idempotency-Key": "k"}, {"Idempotency-Key": "k" * 256}, {"Idempotency-Key": "\u00e9\u00ff"},
    {"Idempotency-Key": " "}, {"Prefer": "wait=99999999999"}, {"Prefer": ";;"},
    {"X-Forwarded-Host": "evil"}, {"X-Forwarded-Proto": "javascript"}, {"Host": "evil"}, {"Range": "bytes=0-"}, {"Expect": "x"},
    {"X-HTTP-Method-Override": "DELETE"}, {"Cookie": "a=" + "b" * 3_000},
)  # fmt: skip


@dataclass(frozen=True)
class HostileRequest:
    """One request; the path is as it stands after the API's address, not yet escaped."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes | None

    @property
    def target(self) -> str:
        """The path as it is written in the first line of an HTTP request."""
        return quote(self.path.encode("utf-8", "surrogatepass"), safe="/%")


def hostile_requests(seed: int) -> Iterator[HostileRequest]:
    """For ever: every text as every body, and every damaged form; then every method on every path and every value in every field.

    Both come mixed. Then damage at random.
    """
    chance = random.Random(seed)
    first = [*_as_every_body()]
    chance.shuffle(first)
    yield from first
    mixed = [*_on_every_path(), *_in_every_field()]
    chance.shuffle(mixed)
    yield from mixed
    while True:
        yield _at_random(chance)


def _paths() -> Iterator[str]:
    for path in sorted({route.path for route in ROUTES}):
        yield path.format_map(_Same("a" * 26))
        if "{" in path:
            yield from (path.format_map(_Same(odd)) for odd in IDS)
    yield from PATHS


class _Same(dict[str, str]):
    def __init__(self, value: str) -> None:
        super().__init__()
        self._value = value

    def __missing__(self, _: str) -> str:
        return self._value


_JSON = {"Content-Type": "application/json"}


def _on_every_path() -> Iterator[HostileRequest]:
    for path in _paths():
        yield from (HostileRequest(method, path, _JSON, b"{}" if method == "POST" else None) for method in METHODS)


def fields(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """The places of all fields of an object's schema, as paths of names."""
    schema = _resolved(schema, schemas)
    for name, part in schema.get("properties", {}).items():
        yield (name,)
        for choice in (part, *part.get("anyOf", [])):
            yield from ((name, *rest) for rest in fields(choice, schemas))


def _resolved(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    return found


def _bodies() -> Iterator[tuple[str, Any, list[tuple[str, ...]]]]:
    """The path, a good body and the fields of each route that takes one."""
    schemas = document()["components"]["schemas"]
    for route in ROUTES:
        if route.body:
            places = [*fields(schemas[route.body.__name__], schemas), ("unknown",), ("input", "unknown")]
            yield route.path.format_map(_Same("coat")), GOOD[route.name], places


def _in_every_field() -> Iterator[HostileRequest]:
    for path, good, places in _bodies():
        for place in places:
            for value in VALUES:
                yield HostileRequest("POST", path, _JSON, _text(changed(good, place, value)))


def changed(body: Any, place: tuple[str, ...], value: Any) -> Any:
    """A copy of a body with another value at a place."""
    body = deepcopy(body)
    inside = body
    for name in place[:-1]:
        if not isinstance(inside.get(name), dict):
            inside[name] = {}
        inside = inside[name]
    inside[place[-1]] = value
    return body


def _as_every_body() -> Iterator[HostileRequest]:
    for path, good, _ in _bodies():
        for raw in (*(text.encode("utf-8", "surrogatepass") for text in RAW), *BYTES):
            yield HostileRequest("POST", path, _JSON, raw)
        for headers in HEADERS:
            yield HostileRequest("POST", path, {**_JSON, **headers}, _text(good))
        yield HostileRequest("POST", path, {}, _text(good))
        yield HostileRequest("POST", path, _JSON, None)
    yield from _as_every_form()


def _as_every_form() -> Iterator[HostileRequest]:
    for route in ROUTES:
        if not route.form:
            continue
        good = FORMS[route.name]
        kind, whole = form_of(good)
        for body in (*(text.encode("utf-8", "surrogatepass") for text in RAW), *BYTES, whole[:-9], whole * 2, b""):
            yield HostileRequest("POST", route.path, {"Content-Type": kind}, body)
        for form in hostile_forms(good):
            yield HostileRequest("POST", route.path, {"Content-Type": form.kind}, form.body)
        for headers in HEADERS:
            yield HostileRequest("POST", route.path, {"Content-Type": kind, **headers}, whole)
        for name in [*route.form.model_fields, "unknown", ""]:
            for value in (
                *BYTES,
                "",
                " ",
                "\0",
                "-1",
                "9" * 40,
                "1e9",
                "NaN",
                "null",
                "[]",
                "true",
                "é" * 300,
                "a\r\nb",
                PNG,
                b"",
            ):
                yield HostileRequest("POST", route.path, {"Content-Type": kind}, form_of({**good, name: value})[1])


def _at_random(chance: random.Random) -> HostileRequest:
    path, good, places = chance.choice(list(_BODIES))
    for _ in range(chance.randint(1, 4)):
        good = changed(good, chance.choice(places), chance.choice(VALUES))
    text = bytearray(_text(good))
    if chance.random() < 0.4:
        for _ in range(chance.randint(1, 5)):
            text[chance.randrange(len(text))] = chance.randrange(256)
    headers = {**_JSON, **chance.choice(HEADERS)}
    return HostileRequest("POST", path if chance.random() < 0.8 else chance.choice(PATHS), headers, bytes(text))


def _text(body: Any) -> bytes:
    return json.dumps(body).encode()


_BODIES = tuple(_bodies())
