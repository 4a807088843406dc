"""What carries an invisible mark: waves of one period in both directions, whose phases only the key's owner knows."""

import hashlib
import hmac
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from imaging.mark_code import CODE_BITS, encode

PERIOD = 60
"""Pixels after which the pattern repeats, at its finest; no multiple of 8, so that JPEG's own blocks are none of its waves."""
SLOWEST, FASTEST = 3.0, 10.0
"""Waves a period: what is slower is the cloth's own shading, what is faster does not survive half the size."""
KNOWN = 44
"""Waves whose phase does not depend on what is written: by them the pattern is found."""

Waves = NDArray[np.complex64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Carrier:
    """The waves of a key: ``across`` and ``down`` (n,) are how many there are in a period, ``known`` the first KNOWN ones' phases.

    The others carry a pair of the code's bits each, turned by ``turns``; ``places`` says which.
    """

    across: NDArray[np.intp]
    down: NDArray[np.intp]
    known: Waves
    turns: Waves
    places: NDArray[np.intp]

    def written(self, payload: int) -> Waves:
        """The phases of all waves, (n,), of size 1, that say a payload."""
        pairs = encode(payload)[self.places].reshape(2, -1)
        return np.concatenate([self.known, (pairs[0] + 1j * pairs[1]) / np.sqrt(2) * self.turns]).astype(np.complex64)

    def said(self, waves: Waves) -> NDArray[np.float32]:
        """The soft bits (CODE_BITS,) of waves (n,), each weighed as it is."""
        turned = waves[KNOWN:] * self.turns.conj()
        soft = np.concatenate([turned.real, turned.imag])
        return np.bincount(self.places, weights=soft, minlength=CODE_BITS).astype(np.float32)


@lru_cache(maxsize=8)
def carrier(key: bytes) -> Carrier:
    """The waves that a key of 32 bytes stands for."""
    reach = int(FASTEST)
    down, across = np.mgrid[-reach : reach + 1, 0 : reach + 1].reshape(2, -1)
    radius = np.hypot(down, across)
    half = (radius >= SLOWEST) & (radius <= FASTEST) & ((across > 0) | (down > 0))
    down, across = down[half], across[half]
    count = len(down)
    order = np.argsort(_drawn(key, b"order", count), kind="stable")
    angles = _drawn(key, b"phases", count) * (2 * np.pi / 2**64)
    phases = np.exp(1j * angles).astype(np.complex64)
    bits = 2 * (count - KNOWN)
    places = np.argsort(_drawn(key, b"places", bits), kind="stable") % CODE_BITS
    return Carrier(across=across[order], down=down[order], known=phases[:KNOWN], turns=phases[KNOWN:], places=places)


def _drawn(key: bytes, what: bytes, count: int) -> NDArray[np.uint64]:
    """Numbers of 64 bits that are the same for a key for ever: of HMAC-SHA-256, whatever numpy's generators become."""
    blocks = (
        hmac.digest(key, b"atelier mark 1 %s %d" % (what, number), hashlib.sha256) for number in range(-(-count // 4))
    )
    return np.frombuffer(b"".join(blocks), dtype="<u8")[:count]
