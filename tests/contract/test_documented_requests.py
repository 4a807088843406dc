"""Every request by curl on any page is one that the API has: it is sent to the API in memory, and no address or method of it is unknown."""

import json
import re
import shlex
from pathlib import Path

import httpx2
import pytest

from tests.contract.documented import TypedCommand, typed_commands
from tests.unit.cli_client import Commanded
from tests.unit.test_ops_api_styles import publish

API = "https://api.test/live"
CURLS = [each for each in typed_commands(Path(__file__).resolve().parents[2]) if each.words[:1] == ["curl"]]
REQUESTS = [each for each in CURLS if "$UPLOAD" not in each.line]
"""Those to the API; a file is put to a bucket, at the address that an answer named."""


@pytest.fixture
def names() -> dict[str, str]:
    return {"API": API, "ApiUrl": f"{API}/", "KEY": "key", "STYLE": "skirt", "TRAINING": "run-1"}


@pytest.mark.parametrize("command", REQUESTS, ids=range(len(REQUESTS)))
def test_a_request_by_curl_is_understood(command: TypedCommand, names: dict[str, str]) -> None:
    commanded = Commanded()
    publish(commanded.api, 1, 0.7)
    publish(commanded.api, 2, 0.8)
    with commanded.client() as client:
        client.styles.promote("skirt@2")
        made = client.predictions.create({"mode": "text_to_image", "prompt": "a red skirt"}).id
    line = command.line.replace("predictions/ID", f"predictions/{made}")
    line = re.sub(r"\$\{?(\w+)\}?", lambda found: {**names, "PREDICTION": made}.get(found[1], "one"), line)
    line = re.sub(r"\$\(stat [^)]*\)", "1000", line)
    answered = commanded.answer(request(shlex.split(line, comments=True)))
    assert answered.status_code not in (401, 403, 405), answered.text
    assert answered.status_code < 500
    # Of a thing that is not there the answer names the thing; of an address that the API does not have, the path.
    assert "path: got" not in answered.text


def test_an_address_that_the_api_does_not_have_is_seen() -> None:
    assert "path: got" in Commanded().answer(request(["curl", f"{API}/v1/nothing", "-H", "x-api-key: key"])).text


def request(words: list[str]) -> httpx2.Request:
    """What curl would send. Raises AssertionError for an option that is not known here."""
    method, headers, body, address, left = "", {}, b"", "", words[1:]
    while left:
        word = left.pop(0)
        if word in ("-X", "--request"):
            method = left.pop(0)
        elif word in ("-H", "--header"):
            name, _, value = left.pop(0).partition(": ")
            headers[name] = value
        elif word in ("-d", "--data"):
            body = left.pop(0).encode()
            json.loads(body)
        else:
            assert word == "--fail" or not word.startswith("-"), word
            address = address if word == "--fail" else word
    return httpx2.Request(method or ("POST" if body else "GET"), address, headers=headers, content=body)
