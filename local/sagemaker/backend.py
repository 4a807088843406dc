"""What the control plane needs from the rest of the local cloud: credentials, clients, events, a place for files."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from local.durable import Durable
from local.faults import Faults
from local.sagemaker.caller_rights import Need
from local.sagemaker.store import Record, epoch_milliseconds

# A loopback client needs no proxy, and few tries against a server in the same process.
_CLIENT_CONFIG = Config(
    proxies={},
    retries={"max_attempts": 2, "mode": "standard"},
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
    max_pool_connections=32,
)

# What the service does by itself for a role (it fetches a request, writes an answer) it does not give up because of one refusal.
_PATIENT = Config(retries={"total_max_attempts": 6, "mode": "standard"})

# ministack's name for the account's root; it is not a secret, and works on this machine's loopback only.
ROOT_KEY = "test"
ROOT_CREDENTIALS = {"AWS_ACCESS_KEY_ID": ROOT_KEY, "AWS_SECRET_ACCESS_KEY": ROOT_KEY}


def connect(
    session: boto3.Session,
    service: str,
    *,
    url: str,
    region: str,
    credentials: Mapping[str, str] = ROOT_CREDENTIALS,
    config: Config | None = None,
) -> Any:
    """A boto3 client of a service of the local cloud at `url`; `credentials` are named as environment variables are."""
    return session.client(
        service,  # type: ignore[call-overload]  # the stubs want a literal
        region_name=region,
        endpoint_url=url,
        config=_CLIENT_CONFIG.merge(config) if config else _CLIENT_CONFIG,
        **{name.lower(): value for name, value in credentials.items()},
    )


@dataclass(frozen=True, kw_only=True)
class Backend:
    """The local cloud as the SageMaker control plane sees it.

    `role_credentials` gives AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN of a role's session and
    raises ServiceError where the role cannot be assumed by SageMaker; `role_may` whether it has a permission.
    `publish` sends an EventBridge event
    (detail type, detail, resource ARNs). `environment` is what every child process gets; `faults` what goes wrong;
    `durable` what a restart finds again; before this process stops its children it is frozen: how those end is not what became of them.
    """

    account: str
    region: str
    url: str
    run_dir: Path
    environment: Mapping[str, str]
    role_credentials: Callable[[str], dict[str, str]]
    role_may: Callable[[Need, str], bool]
    publish: Callable[[str, dict[str, Any], list[str]], None]
    faults: Faults
    durable: Durable
    _session: boto3.Session = field(default_factory=boto3.Session)
    _clients: dict[tuple[str, str], Any] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def client(self, service: str, role: str) -> Any:
        """A boto3 client of `service` that acts as `role`. Clients are shared: they are safe between threads."""
        return self._client(service, role, self.role_credentials(role), _PATIENT)

    def root(self, service: str) -> Any:
        """A boto3 client of `service` that acts as the account's root, for what the service itself does."""
        return self._client(service, "", ROOT_CREDENTIALS, None)

    def _client(self, service: str, role: str, credentials: Mapping[str, str], config: Config | None) -> Any:
        with self._lock:
            if (service, role) not in self._clients:
                self._clients[service, role] = connect(
                    self._session, service, url=self.url, region=self.region, credentials=credentials, config=config
                )
            return self._clients[service, role]

    def announce(self, subject: str, record: Record, arn: str, **changes: Any) -> None:
        """Send the state change of a resource as an event; `changes` are members that events spell in their own way."""
        detail = epoch_milliseconds({**record, **changes, "Tags": {}})
        self.publish(f"SageMaker {subject} State Change", detail, [arn])

    def process_environment(self, role: str) -> dict[str, str]:
        """The environment of a container that runs as `role`: the scrubbed base, credentials, and where AWS is."""
        return {
            **self.environment,
            **self.role_credentials(role),
            "AWS_ENDPOINT_URL": self.url,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
