"""What callers of the API may do."""

from collections import Counter
from dataclasses import dataclass

from contracts.clients import CLIENT_NAME, CLIENT_NAME_RULE, FIRST
from infra.settings.kinds import check_kinds
from infra.settings.validation import check, check_range, check_text

FEWEST_IN_FIVE_MINUTES = 10
"""AWS WAF's own least limit of a rate-based rule."""


@dataclass(frozen=True, kw_only=True)
class Throttle:
    """Steady requests a second, and a burst."""

    requests_per_second: float
    burst: int

    def __post_init__(self) -> None:
        check_kinds(self, "throttle")
        for name in ("requests_per_second", "burst"):
            check(getattr(self, name) > 0, f"throttle.{name}", got=getattr(self, name), allowed="more than 0")


ORIGIN = r"\*|https://[a-z0-9.-]+(:[0-9]{1,5})?|http://(localhost|127\.0\.0\.1)(:[0-9]{1,5})?"
ORIGIN_RULE = "https://HOST, http://localhost:PORT or http://127.0.0.1:PORT, in small letters and without a path; or * for any page"

MOST_CLIENTS = 20
"""What a Lambda function hears of each fits its environment, which has 4 KB."""


@dataclass(frozen=True, kw_only=True)
class Client:
    """Somebody who calls the API with a key of its own, which is another one where ``key_version`` is higher.

    One that ``manages`` may change styles that are nobody's own, and approves results where the stage wants a person to.
    """

    name: str
    manages: bool = False
    key_version: int = 1

    def __post_init__(self) -> None:
        check_kinds(self, "client")
        check_text("client.name", self.name, CLIENT_NAME, CLIENT_NAME_RULE)
        check_range("client.key_version", self.key_version, 1)


@dataclass(frozen=True, kw_only=True)
class Api:
    """What one API key may do: steady requests a second, a burst, and requests a day; less of what starts a training or a version.

    ``signed`` methods want a signature of an IAM identity (SigV4) besides the key. A web ACL of AWS WAF stands before the API where
    ``most_from_one_address`` says how many requests of one IP address it lets through in five minutes. Each of ``clients`` has a key. With
    ``loopback_webhooks`` webhooks may go to the machine that the stage runs on, without TLS: for a laptop. Pages of ``origins``
    (``https://studio.example.com``) may call it from browsers; ``*`` is any page.
    """

    requests_per_second: float
    burst: int
    requests_per_day: int
    trainings: Throttle
    clients: tuple[Client, ...] = (Client(name=FIRST, manages=True),)
    signed: bool = False
    most_from_one_address: int | None = None
    loopback_webhooks: bool = False
    origins: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_kinds(self, "api")
        for name in ("requests_per_second", "burst", "requests_per_day"):
            check(getattr(self, name) > 0, f"api.{name}", got=getattr(self, name), allowed="more than 0")
        check_range("api.clients", len(self.clients), 1, MOST_CLIENTS, unit="clients")
        twice = [name for name, count in Counter(client.name for client in self.clients).items() if count > 1]
        check(not twice, "api.clients", got=twice, allowed="each name once")
        for origin in self.origins:
            check_text("api.origins", origin, ORIGIN, ORIGIN_RULE)
        if self.most_from_one_address is not None:
            check_range("api.most_from_one_address", self.most_from_one_address, FEWEST_IN_FIVE_MINUTES)
