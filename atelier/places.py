"""Finding an API and its key: in the environment, in the folder of a local cloud, in the account of the current credentials."""

import json
import os
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import Any

import httpx2

from atelier.drivers import Access
from contracts.errors import InvalidInputError, Problem

API_URL, API_KEY = "ATELIER_API_URL", "ATELIER_API_KEY"

LOCAL_FOLDER = Path("out/local")
"""Where ``make local`` keeps its cloud."""
CLOUD = Path("run/cloud/cloud.json")
"""Says, below that folder, at which port the cloud answers."""
_ROOT = "test"
"""Key and secret of a local cloud's account; no secret, and of use on this machine alone."""


class NoPlaceError(RuntimeError):
    """There is no API where it was looked for; the text says what makes one."""


def in_environment(environment: Mapping[str, str] | None = None) -> Access:
    """The API that ATELIER_API_URL and ATELIER_API_KEY name. Raises InvalidInputError."""
    source = os.environ if environment is None else environment
    missing = [name for name in (API_URL, API_KEY) if not source.get(name, "").strip()]
    if missing:
        allowed = "the address and the key of an API, as make deployed and make local print them"
        raise InvalidInputError.of(Problem(f"environment variable {name}", None, allowed) for name in missing)
    return access(source[API_URL].strip(), source[API_KEY].strip())


def access(url: str, key: str, auth: httpx2.Auth | None = None) -> Access:
    """The API at an address, which ends in the API's stage. Raises InvalidInputError."""
    if not url.startswith(("https://", "http://")):
        raise InvalidInputError("url", got=url, allowed="https://…, the API's address up to its stage")
    return Access(url=url.rstrip("/"), key=key, auth=auth)


def in_local_cloud(folder: str | Path = LOCAL_FOLDER, *, stage: str = "local") -> Access:
    """The API of the local cloud that runs in a folder. Raises NoPlaceError."""
    client, url = clients_of_local_cloud(folder)
    outputs, key = _published(client, stage)
    # The output is the address in AWS, https://ID.execute-api…/STAGE/; here the local cloud answers for it.
    host, name = outputs["ApiUrl"].removeprefix("https://").rstrip("/").split("/")
    return access(f"{url}/_aws/execute-api/{host.split('.')[0]}/{name}", key)


def clients_of_local_cloud(folder: str | Path = LOCAL_FOLDER) -> tuple[Callable[[str], Any], str]:
    """What makes boto3 clients of the services of the local cloud that runs in a folder, and its address. Raises NoPlaceError."""
    start = f"`atelier up --out {folder}` starts one"
    try:
        stamp = json.loads((Path(folder) / CLOUD).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise NoPlaceError(f"no local cloud is in {folder}; {start}") from error
    url, region = f"http://127.0.0.1:{stamp['port']}", stamp["region"]
    if not _answers(url):
        raise NoPlaceError(f"no local cloud runs in {folder}; {start}")
    return _clients(region, url), url


def in_account(stage: str, *, signed: bool = False, region: str = "", profile: str = "") -> Access:
    """The API of a deployed stage, by the credentials and the region of the environment. ``signed`` stages want each request signed.

    Raises NoPlaceError, and botocore's errors where the account does not let it look.
    """
    import boto3

    session = boto3.Session(profile_name=profile or None, region_name=region or os.environ.get("AWS_REGION"))
    make: Callable[..., Any] = session.client
    outputs, key = _published(make, stage)
    auth = Signing(session.get_credentials(), session.region_name or "") if signed else None
    return access(outputs["ApiUrl"], key, auth)


class Signing(httpx2.Auth):
    """Signs each request with the credentials of an IAM identity (SigV4)."""

    requires_request_body = True

    def __init__(self, credentials: Any, region: str) -> None:
        self._credentials, self._region = credentials, region

    def auth_flow(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response, None]:
        """Add the headers that sign it."""
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest

        named = {
            name: request.headers[name] for name in ("host", "content-type", "x-api-key") if name in request.headers
        }
        signed = AWSRequest(request.method, str(request.url), data=request.content, headers=named)
        SigV4Auth(self._credentials, "execute-api", self._region).add_auth(signed)
        request.headers.update(dict(signed.headers))
        yield request


def _clients(region: str, url: str) -> Callable[[str], Any]:
    import boto3
    from botocore.config import Config

    session = boto3.Session(aws_access_key_id=_ROOT, aws_secret_access_key=_ROOT, region_name=region)
    make: Callable[..., Any] = session.client
    return lambda service: make(service, endpoint_url=url, config=Config(proxies={}))


def _published(client: Callable[[str], Any], stage: str) -> tuple[dict[str, str], str]:
    """The outputs of the stage's API, and the value of its key. Raises NoPlaceError."""
    from botocore.exceptions import ClientError

    name, cloudformation = f"atelier-{stage}-api", client("cloudformation")
    try:
        described = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if "does not exist" not in str(error):
            raise
        where = cloudformation.meta.region_name
        raise NoPlaceError(f"stack {name} is not in {where}: make deploy STAGE={stage} makes it") from error
    outputs = {each["OutputKey"]: each["OutputValue"] for each in described.get("Outputs", [])}
    return outputs, str(client("apigateway").get_api_key(apiKey=outputs["ApiKeyId"], includeValue=True)["value"])


def _answers(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/_ministack/health", timeout=5, trust_env=False).status_code == 200
    except httpx2.TransportError:
        return False
