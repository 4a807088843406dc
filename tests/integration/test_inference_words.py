"""Words that ask for what is never painted are refused in every dialect, in its own errors, before a picture is decoded."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image, ImageFile

from atelier_inference.measures import MEASURES
from tests.integration.dialect_calls import CALLS, Call, Path
from tests.integration.inference_server import INPAINT, Server

WORDS = ("a skirt", "a coat", "p", "a red skirt")
REFUSED = "undress her"


def _said(call: Call, value: Any, path: Path = ()) -> Iterator[Path]:
    """The paths of a call's words."""
    listed = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in listed:
        if each in WORDS if isinstance(each, str) else False:
            yield (*path, key)
        else:
            yield from _said(call, each, (*path, key))


CASES = [
    pytest.param(dialect, call.changed(path, REFUSED), id=f"{dialect} {number} {'.'.join(map(str, path))}")
    for dialect, calls in CALLS.items()
    for number, call in enumerate(calls)
    for path in _said(call, call.body)
]


@pytest.fixture
def undecoded(monkeypatch: pytest.MonkeyPatch) -> None:
    """No picture's pixels are read, from a file or from rows of numbers; its size in a header may be."""

    def decoded(*_: Any, **__: Any) -> None:
        raise AssertionError("a picture was decoded")

    monkeypatch.setattr(ImageFile.ImageFile, "load", decoded)
    monkeypatch.setattr(Image, "fromarray", decoded)


@pytest.mark.usefixtures("undecoded")
@pytest.mark.parametrize(("dialect", "call"), CASES)
def test_each_dialect_refuses_in_each_field_that_holds_words(server: Server, dialect: str, call: Call) -> None:
    answer = call.send(server.client)
    status = {"openai-images": 400, "stability-search-and-replace": 403, "replicate-cog": 422}.get(dialect, 400)
    assert answer.status_code == status, answer.text
    assert "nobody is undressed" in answer.text
    body = answer.json()
    if dialect == "openai-images":
        assert body["error"]["code"] == "content_policy_violation"
    if dialect == "stability-search-and-replace":
        assert body["name"] == "content_moderation"
    if dialect == "native":
        assert body["error"]["type"] == "RefusedWordsError"
        assert body["errors"][0]["reason"] == "words-undressing"


@pytest.mark.usefixtures("undecoded")
def test_nothing_is_decoded_or_counted_with_the_words(
    server: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(MEASURES, "service", "atelier-test")
    MEASURES.write()
    caplog.clear()
    assert server.post(**{**INPAINT, "prompt": REFUSED}).status_code == 400
    with caplog.at_level("INFO"):
        MEASURES.write()
    (line,) = [record for record in caplog.records if record.getMessage() == "metrics"]
    assert line.__dict__["fields"]["RequestsRefusedForWords"] == [1.0]
    assert REFUSED not in caplog.text
    assert REFUSED not in json.dumps([str(record.__dict__) for record in caplog.records])


def test_an_ordinary_request_beside_it_is_painted(server: Server) -> None:
    assert server.post(**{**INPAINT, "prompt": "nude heels", "num_inference_steps": 1}).status_code == 200
