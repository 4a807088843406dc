"""Where webhooks go: addresses on the internet that clients named, and that nobody of ours knows."""

import socket
import ssl
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from atelier_ops.webhook_address import Receiver, closed, target
from contracts.errors import InvalidInputError
from contracts.webhooks import Reach

SECONDS = 10.0
"""From the first address tried to the last byte read; looking up a name has the resolver's own limit besides."""

LONGEST_HEAD = 16_384
"""Bytes of an answer that are read; what it says besides its status is of no interest."""

AT_ONCE = 16
"""Messages under way at a time."""


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """One POST."""

    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What became of a parcel: the ``status`` of the answer, or 0 and in words what came in between."""

    status: int = 0
    problem: str = ""

    @property
    def arrived(self) -> bool:
        """Whether the receiver has taken it."""
        return 200 <= self.status < 300

    def __str__(self) -> str:
        return self.problem or f"HTTP {self.status}"


class Receivers:
    """Whoever a stage that reaches so far may send to."""

    def __init__(self, reach: Reach) -> None:
        self._reach: Reach = reach

    def post(self, parcels: Sequence[Parcel]) -> list[Receipt]:
        """Send each, some at a time; one that fails does not keep the others. Nothing is followed, nothing is sent twice."""
        with ThreadPoolExecutor(AT_ONCE) as senders:
            return list(senders.map(self._post, parcels))

    def _post(self, parcel: Parcel) -> Receipt:
        try:
            return Receipt(status=self._status(parcel))
        except TimeoutError:
            return Receipt(problem=f"no answer within {SECONDS:g} s")
        except InvalidInputError as error:
            return Receipt(problem=str(error))
        except (OSError, ValueError) as error:
            return Receipt(problem=f"{type(error).__name__}: {error}"[:200])

    def _status(self, parcel: Parcel) -> int:
        where = target(parcel.url, self._reach)
        deadline = time.monotonic() + SECONDS
        with self._connected(where, deadline) as connection:
            connection.settimeout(_left(deadline))
            connection.sendall(_head(where, parcel) + parcel.body)
            return _read_status(connection, deadline)

    def _connected(self, where: Receiver, deadline: float) -> socket.socket:
        """A connection to an address that was looked at. Whoever answers for a name may say another thing the next time."""
        found = self.resolve(where.host, where.port)
        for _, address in found:
            word = closed(ip_address(address[0].partition("%")[0]), self._reach)
            if word:
                raise InvalidInputError(
                    "webhook", got=f"{where.host}, which leads to {word}", allowed="a public address"
                )
        failure: OSError = OSError(f"{where.host} has no address")
        for family, address in found:
            plain = socket.socket(family, socket.SOCK_STREAM)
            try:
                plain.settimeout(_left(deadline))
                plain.connect(address)
                return _encrypted(plain, where, deadline) if where.secure else plain
            except OSError as error:
                plain.close()
                failure = error
        raise failure

    def resolve(self, host: str, port: int) -> list[tuple[socket.AddressFamily, Any]]:
        """Where the name leads now. Raises OSError."""
        return [
            (family, address) for family, _, _, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        ]


def _encrypted(plain: socket.socket, where: Receiver, deadline: float) -> socket.socket:
    plain.settimeout(_left(deadline))
    return ssl.create_default_context().wrap_socket(plain, server_hostname=where.host)


def _head(where: Receiver, parcel: Parcel) -> bytes:
    headers = {
        "Host": where.authority,
        "Content-Type": "application/json",
        "Content-Length": str(len(parcel.body)),
        "User-Agent": "atelier",
        "Connection": "close",
        **parcel.headers,
    }
    lines = [f"POST {where.path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode("ascii")


def _read_status(connection: socket.socket, deadline: float) -> int:
    """The status of the answer, past those that only say that one will come (1xx). Raises TimeoutError, ValueError."""
    read = b""
    while len(read) < LONGEST_HEAD:
        connection.settimeout(_left(deadline))
        block = connection.recv(4_096)
        read += block
        head, end, _ = read.partition(b"\r\n\r\n")
        line = head.partition(b"\r\n")[0].split(b" ")
        if (end or not block) and len(line) > 1 and line[0].startswith(b"HTTP/1.") and line[1].isdigit():
            if len(line[1]) == 3 and not line[1].startswith(b"1"):
                return int(line[1])
            read = read.partition(b"\r\n\r\n")[2]
        elif end or not block:
            break
    raise ValueError("the answer is not HTTP")


def _left(deadline: float) -> float:
    """Seconds until then. Raises TimeoutError where it has come."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
