"""The letters of an invisible mark: 48 bits with a check, in a code that is read from soft bits.

A convolutional code of rate 1/3 (constraint length 9, generators 557, 663 and 711 in octal, of Proakis, Digital Communications, table
8.2-2), ended by zeros, read by Viterbi's way; a CRC of 16 bits (CCITT's polynomial) tells whether what was read was written.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

PAYLOAD_BITS = 48
CHECK_BITS = 16
_MEMORY = 8
_STATES = 1 << _MEMORY
_GENERATORS = (0o557, 0o663, 0o711)
_CRC = 0x1021
_STEPS = PAYLOAD_BITS + CHECK_BITS + _MEMORY
CODE_BITS = _STEPS * len(_GENERATORS)

Signs = NDArray[np.float32]
"""Bits as signs: 1 for 0, -1 for 1; soft ones in between, and larger the surer."""


def encode(payload: int) -> Signs:
    """The code's bits (CODE_BITS,) of a payload of 48 bits."""
    word = (payload << CHECK_BITS | _check(payload)) << _MEMORY
    bits = [word >> place & 1 for place in reversed(range(_STEPS))]
    state, signs = 0, []
    for bit in bits:
        signs += _outputs()[state, bit].tolist()
        state = _next(state, bit)
    return np.array(signs, dtype=np.float32)


def decode(soft: Signs) -> int | None:
    """The likeliest payload of soft bits (CODE_BITS,), or None where its check does not hold."""
    outputs = _outputs().reshape(2 * _STATES, -1)
    # Of a state's two predecessors, its oldest bit differs.
    sources = np.array([[state >> 1, state >> 1 | _STATES >> 1] for state in range(_STATES)])
    branches = sources * 2 + (np.arange(_STATES) & 1)[:, None]
    scores = np.full(_STATES, -np.inf, dtype=np.float32)
    scores[0] = 0
    gains = soft.reshape(_STEPS, -1) @ outputs.T
    chosen = np.empty((_STEPS, _STATES), dtype=np.intp)
    for step in range(_STEPS):
        both = scores[sources] + gains[step][branches]
        better = both[:, 1] > both[:, 0]
        scores = np.where(better, both[:, 1], both[:, 0])
        chosen[step] = np.where(better, sources[:, 1], sources[:, 0])
    state, word = 0, 0
    for step in reversed(range(_STEPS)):
        word |= (state & 1) << (_STEPS - 1 - step)
        state = int(chosen[step, state])
    word >>= _MEMORY
    payload = word >> CHECK_BITS
    return payload if word & (1 << CHECK_BITS) - 1 == _check(payload) else None


def _next(state: int, bit: int) -> int:
    return (state << 1 | bit) & (_STATES - 1)


@lru_cache(maxsize=1)
def _outputs() -> Signs:
    """The signs (states, 2, 3) that a state gives with the next bit."""
    registers = np.arange(_STATES)[:, None] << 1 | np.arange(2)
    return np.stack(
        [1 - 2 * (np.bitwise_count(registers & generator) & 1).astype(np.float32) for generator in _GENERATORS], axis=-1
    )


def _check(payload: int) -> int:
    remainder = 0xFFFF
    for place in reversed(range(PAYLOAD_BITS)):
        high = remainder >> 15 ^ payload >> place & 1
        remainder = (remainder << 1 & 0xFFFF) ^ (_CRC if high else 0)
    return remainder
