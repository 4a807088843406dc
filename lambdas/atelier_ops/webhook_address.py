"""Which addresses a webhook may be sent to: public ones, at the ports of HTTPS, so that no client makes the service speak to what only
the service can reach.

An address is looked at when it is posted, as far as it says where it leads. A name says that only when it is looked up, and perhaps another
thing each time: so whoever connects looks at the very address that it connects to.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

from contracts.errors import InvalidInputError
from contracts.webhooks import Reach

PORTS = (443, 8443)

_PLAIN = re.compile(r"[!#-;=?-\[\]_a-z~]+")
"""The characters of an address (RFC 3986): no space, backslash or line break that two readers could read in two ways."""

_NAME = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")
"""A name of at least two labels, of which the last begins with a letter: ``127.1`` and ``0x7f.1`` are addresses to a resolver."""

_INSIDE = (".localhost", ".local", ".localdomain", ".internal", ".home.arpa")
"""Names that lead to where they are asked for. RFC 6761, 6762, 8375, and ICANN's of 2024 for ``internal``."""

_CLOSED: dict[str, tuple[str, ...]] = {
    "private": ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"),
    "loopback": ("127.0.0.0/8",),
    "link-local, where metadata services are": ("169.254.0.0/16",),
    "multicast": ("224.0.0.0/4",),
    "reserved": (
        *("0.0.0.0/8", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24"),
        *("203.0.113.0/24", "240.0.0.0/4"),
    ),
}
"""https://www.iana.org/assignments/iana-ipv4-special-registry and RFC 5771."""
_CLOSED_V4 = [(IPv4Network(network), word) for word, networks in _CLOSED.items() for network in networks]

_GLOBAL_V6 = IPv6Network("2000::/3")
"""What IANA gives out. Loopback, private (fc00::/7), link-local, multicast, and IPv4 written as IPv6 (::ffff:0:0/96, 64:ff9b::/96) are not
in it."""
_CLOSED_V6 = [IPv6Network(network) for network in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")]
"""Of it, what wraps IPv4 addresses (Teredo, 6to4), and examples: https://www.iana.org/assignments/iana-ipv6-special-registry."""

_LOOPBACK_NAME = "localhost"


@dataclass(frozen=True, kw_only=True)
class Receiver:
    """Where a webhook goes. ``path`` has the query; ``authority`` is what the request's ``Host`` says."""

    secure: bool
    host: str
    port: int
    authority: str
    path: str


def target(url: str, reach: Reach) -> Receiver:
    """Where this address leads, in a stage that reaches so far. Raises InvalidInputError for one that no webhook is sent to."""
    if reach == "none":
        allowed = "nothing: this stage lies in a network without a way to the internet. Poll instead"
        raise InvalidInputError("webhook", got=url, allowed=allowed)
    parts = _parts(url)
    host = (parts.hostname or "").lower()
    if reach == "loopback" and _is_loopback(host):
        return _target(parts, host)
    if parts.scheme != "https":
        raise _refused(url, "https://")
    if (parts.port or PORTS[0]) not in PORTS:
        raise _refused(url, f"port {' or '.join(map(str, PORTS))}")
    literal = _literal(host)
    if literal is not None and (word := closed(literal, reach)):
        raise _refused(url, f"a public address: {literal} is {word}")
    if literal is None and (not _NAME.fullmatch(host) or f".{host}".endswith(_INSIDE)):
        raise _refused(url, "a public address: a name such as example.com")
    return _target(parts, host)


def closed(address: IPv4Address | IPv6Address, reach: Reach) -> str:
    """What kind of address this is, to which nothing is sent; empty for one to which webhooks go."""
    if reach == "loopback" and address.is_loopback:
        return ""
    if isinstance(address, IPv4Address):
        return next((word for network, word in _CLOSED_V4 if address in network), "")
    is_open = address in _GLOBAL_V6 and not any(address in network for network in _CLOSED_V6)
    return "" if is_open else "not public"


def _parts(url: str) -> SplitResult:
    """The address, taken apart. Raises InvalidInputError where it could be read in two ways, or says who calls."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # reading it is what refuses a wrong one
    except ValueError as error:
        raise _refused(url, "an address as RFC 3986 writes it") from error
    if not _PLAIN.fullmatch(url) or parts.fragment:
        raise _refused(url, "an address as RFC 3986 writes it, without a fragment")
    if "@" in parts.netloc:
        raise InvalidInputError("webhook", got="an address with a user", allowed="one without: messages are signed")
    return parts


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _is_loopback(host: str) -> bool:
    literal = _literal(host)
    return host == _LOOPBACK_NAME or (literal is not None and literal.is_loopback)


def _target(parts: SplitResult, host: str) -> Receiver:
    secure = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    port = parts.port or (PORTS[0] if secure else 80)
    return Receiver(secure=secure, host=host, port=port, authority=parts.netloc, path=path)


def _refused(url: str, allowed: str) -> InvalidInputError:
    return InvalidInputError("webhook", got=url, allowed=allowed)
