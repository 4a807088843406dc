"""Stability's search and replace, as its documentation's own example calls it: a form by hand, for there is no client."""

import base64
import json
from collections.abc import Mapping
from typing import Any

import urllib3

from bench.clients.jobs import Job
from bench.clients.world import PHOTO, PROMPT, ClientStage, is_png

PATH = "/v2beta/stable-image/edit/search-and-replace"


def _asked(world: ClientStage, accept: str, **fields: str) -> urllib3.BaseHTTPResponse:
    form: dict[str, Any] = {"image": (PHOTO.name, PHOTO.read_bytes()), **fields}
    headers = {"Authorization": f"Bearer {world.key}", "Accept": accept}
    again = urllib3.Retry(5, status_forcelist=[503], allowed_methods=None)
    return urllib3.request("POST", world.url + PATH, fields=form, headers=headers, retries=again)


def _file(world: ClientStage) -> None:
    answer = _asked(world, "image/*", prompt=PROMPT, search_prompt="a skirt", seed="7")
    assert answer.status == 200, answer.data
    assert is_png(answer.data)
    assert (answer.headers["seed"], answer.headers["finish-reason"]) == ("7", "SUCCESS")


def _json(world: ClientStage) -> None:
    answer = json.loads(_asked(world, "application/json", prompt=PROMPT, search_prompt="a skirt").data)
    assert answer["finish_reason"] == "SUCCESS", answer
    assert is_png(base64.b64decode(answer["image"]))


def _refused(world: ClientStage) -> None:
    answer = _asked(world, "image/*", prompt=PROMPT, search_prompt="an elephant", output_format="gif")
    assert answer.status in (400, 422), answer.data
    assert any("output_format" in line for line in json.loads(answer.data)["errors"])


JOBS: Mapping[str, Job] = {
    "search-and-replace, Accept: image/*": _file,
    "search-and-replace, Accept: application/json": _json,
    "errors": _refused,
}
