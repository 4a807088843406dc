"""Where the client finds an API: the environment, a local cloud's folder, the account."""

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from atelier import Atelier, places
from contracts.errors import InvalidInputError
from local.stamp import Stamp

OUTPUTS = {"ApiUrl": "https://abc.execute-api.eu-west-1.amazonaws.com/live/", "ApiKeyId": "key-1"}


class Account:
    """The two services that are asked."""

    def __init__(self, stage: str) -> None:
        self._stack = f"atelier-{stage}-api"
        self.meta = self
        self.region_name = "eu-west-1"

    def __call__(self, service: str, **_: Any) -> "Account":
        return self

    client = __call__

    def get_credentials(self) -> Credentials:
        return Credentials("id", "secret")

    def describe_stacks(self, **names: str) -> dict[str, Any]:
        if names["StackName"] != self._stack:
            raise ClientError({"Error": {"Code": "ValidationError", "Message": "does not exist"}}, "DescribeStacks")
        return {"Stacks": [{"Outputs": [{"OutputKey": key, "OutputValue": each} for key, each in OUTPUTS.items()]}]}

    def get_api_key(self, **names: Any) -> dict[str, str]:
        assert names == {"apiKey": "key-1", "includeValue": True}
        return {"value": "the-key"}


def test_the_environment_names_address_and_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATELIER_API_URL", " https://api.test/live/ ")
    monkeypatch.setenv("ATELIER_API_KEY", "k")
    client = Atelier.from_environment()
    assert (client.url, client.key) == ("https://api.test/live", "k")
    with pytest.raises(InvalidInputError) as raised:
        places.in_environment({})
    assert len(raised.value.problems) == 2


def test_a_deployed_stage_is_found_by_its_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("boto3.Session", lambda **_: Account("dev"))
    found = places.in_account("dev")
    assert (found.url, found.key, found.auth) == (OUTPUTS["ApiUrl"].rstrip("/"), "the-key", None)
    with pytest.raises(places.NoPlaceError, match="stack atelier-prod-api is not in eu-west-1: make deploy STAGE=prod"):
        places.in_account("prod")


def test_a_stage_that_wants_signatures_gets_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("boto3.Session", lambda **_: Account("prod"))
    seen: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return httpx2.Response(200, json={})

    found = places.in_account("prod", signed=True)
    with Atelier(found.url, found.key, auth=found.auth, transport=httpx2.MockTransport(answer)) as client:
        client.request("POST", "/v1/predictions", {"input": {}})
    sent = seen[0].headers
    assert sent["authorization"].startswith("AWS4-HMAC-SHA256 Credential=id/")
    assert "content-type;host;x-amz-date;x-api-key" in sent["authorization"]
    assert "/eu-west-1/execute-api/" in sent["authorization"]
    assert sent["x-api-key"] == "the-key"


def test_a_local_cloud_is_found_by_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "run" / "cloud"
    folder.mkdir(parents=True)
    Stamp(account="123456789012", region="eu-west-1", port=4711).write(folder)
    monkeypatch.setattr(places, "_answers", lambda url: True)
    monkeypatch.setattr("boto3.Session", lambda **_: Account("local"))
    found = places.in_local_cloud(tmp_path)
    assert found.url == "http://127.0.0.1:4711/_aws/execute-api/abc/live"


def test_where_no_local_cloud_runs_it_is_said_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(places.NoPlaceError, match=r"no local cloud is in .*atelier up --out"):
        places.in_local_cloud(tmp_path)
    (tmp_path / "run" / "cloud").mkdir(parents=True)
    (tmp_path / places.CLOUD).write_text(json.dumps({"port": 9, "region": "us-east-1"}), encoding="utf-8")
    with pytest.raises(places.NoPlaceError, match="no local cloud runs in"):
        places.in_local_cloud(tmp_path)
