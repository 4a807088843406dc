"""The page's files in their bucket: just those of the asset, with what browsers are to believe of them."""

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from atelier_ops.gateways.answers import Answers
from atelier_ops.gateways.handed_keys import HandedKeys
from atelier_ops.logic.page_files import settle_page
from contracts.page import PageConfig
from tests.unit.ops_fakes import MemoryBuckets

FILES = {"index.html": b"<!doctype html>", "app.js": b"export {}", "core/state.js": b"//", "LICENSE": b"Apache"}
CONFIG = PageConfig(
    stage="dev", disclosure={"en": "Made by AI.", "ko": "인공지능"}, origins=["https://media.s3.amazonaws.com"]
)


@dataclass
class FormationAnswers(Answers):
    """CloudFormation, which is told how it went."""

    told: list[Mapping[str, Any]] = field(default_factory=list)

    def send(self, url: str, answer: Mapping[str, Any]) -> None:
        assert url == "https://answer"
        self.told.append(answer)


class KnownKeys(HandedKeys):
    """API Gateway with one key."""

    def value(self, key_id: str) -> str:
        return {"key-1": "the key itself"}[key_id]


def packed(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return buffer.getvalue()


@dataclass
class Deployed:
    """A stack with a page."""

    buckets: MemoryBuckets = field(default_factory=MemoryBuckets)

    def ask(self, kind: str, files: Mapping[str, bytes] = FILES, **properties: str) -> Mapping[str, Any]:
        """What CloudFormation is told."""
        self.buckets.objects["assets", "web.zip"] = packed(files)
        event = {
            "RequestType": kind,
            "ResponseURL": "https://answer",
            "StackId": "stack",
            "RequestId": "request",
            "LogicalResourceId": "Page",
            "ResourceProperties": {
                "AssetBucket": "assets",
                "AssetKey": "web.zip",
                "Config": json.dumps(CONFIG.model_dump(mode="json")),
                **properties,
            },
        }
        answers = FormationAnswers()
        settle_page(event, self.buckets.store("page"), self.buckets.store("assets"), KnownKeys(), answers)
        (answer,) = answers.told
        return answer

    @property
    def names(self) -> set[str]:
        return {key for bucket, key in self.buckets.objects if bucket == "page"}

    def config(self) -> Any:
        return json.loads(self.buckets.objects["page", "page/config.json"])


@pytest.fixture
def page() -> Deployed:
    return Deployed()


def test_every_file_is_put_with_its_type_and_is_asked_for_again(page: Deployed) -> None:
    assert page.ask("Create")["Status"] == "SUCCESS"
    assert page.names == {f"page/{name}" for name in (*FILES, "config.json")}
    text = "text/javascript; charset=utf-8"
    assert page.buckets.answered["page", "page/core/state.js"] == (text, "no-cache")
    assert page.buckets.answered["page", "page/index.html"] == ("text/html; charset=utf-8", "no-cache")
    assert page.buckets.answered["page", "page/config.json"] == ("application/json", "no-store")
    # Whoever gets the new index gets the new modules.
    assert page.buckets.writes[-1] == "page/index.html"


def test_the_page_is_told_of_its_stage_and_of_no_key(page: Deployed) -> None:
    page.ask("Create")
    assert page.config() == {
        "stage": "dev",
        "key": None,
        "sign_in": None,
        "disclosure": {"en": "Made by AI.", "ko": "인공지능"},
        "origins": ["https://media.s3.amazonaws.com"],
    }


def test_on_a_laptop_it_is_given_the_key(page: Deployed) -> None:
    page.ask("Create", KeyId="key-1")
    assert page.config()["key"] == "the key itself"


def test_a_key_is_value_by_no_api_gateway_but_this_machine_s(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    from atelier_ops.gateways import aws

    aws.client.cache_clear()
    with pytest.raises(ValueError, match=r"KeyId: got one at apigateway\.eu-west-1\.amazonaws\.com; allowed: none but"):
        HandedKeys().value("key-1")
    aws.client.cache_clear()


def test_a_changed_page_leaves_nothing_of_the_former_one(page: Deployed) -> None:
    first = page.ask("Create")
    second = page.ask("Update", {"index.html": b"new", "main.js": b""})
    assert page.names == {"page/index.html", "page/main.js", "page/config.json"}
    # Another id would be deleted after the change, and the new files with it.
    assert first["PhysicalResourceId"] == second["PhysicalResourceId"]


def test_a_deleted_page_leaves_an_empty_bucket(page: Deployed) -> None:
    page.ask("Create")
    assert page.ask("Delete")["Status"] == "SUCCESS"
    assert page.names == set()


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"app.js": b""}, "page: got app.js; allowed: an index.html, and no config.json"),
        ({**FILES, "config.json": b"{}"}, "page: got LICENSE, app.js, config.json,"),
        ({**FILES, "run.exe": b""}, "page file: got run.exe; allowed: .css, .html,"),
    ],
)
def test_what_is_no_page_is_refused_before_anything_is_written(
    files: Mapping[str, bytes], reason: str, page: Deployed
) -> None:
    answer = page.ask("Create", files)
    assert answer["Status"] == "FAILED"
    assert reason in answer["Reason"]
    assert page.names == set()
