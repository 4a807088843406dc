"""The safetensors format, read and written without a numeric library: https://github.com/huggingface/safetensors#format.

A file is the length of its header (8 bytes, little-endian), the header (JSON), and the tensors' bytes, one after the other.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import prod
from typing import Any

from contracts.errors import InvalidInputError
from contracts.json_text import load

LENGTH_BYTES = 8
LARGEST_HEADER = 16 * 2**20
"""Bytes: kohya notes every caption's words in it; the format itself allows 100 MB."""

ITEM_BYTES: Mapping[str, int] = {
    **dict.fromkeys(("F64", "I64", "U64"), 8),
    **dict.fromkeys(("F32", "I32", "U32"), 4),
    **dict.fromkeys(("F16", "BF16", "I16", "U16"), 2),
    **dict.fromkeys(("I8", "U8", "BOOL", "F8_E4M3", "F8_E5M2"), 1),
}
"""Bytes of one number, by dtype."""

MOST_DIMENSIONS = 8

_METADATA = "__metadata__"
_BLOCK = 4 * 2**20
"""Bytes that are looked at together: a multiple of every item's."""

_ALL_ONES: Mapping[str, tuple[tuple[int, int], ...]] = {
    "F16": ((1, 0x7C),),
    "BF16": ((1, 0x7F), (0, 0x80)),
    "F32": ((3, 0x7F), (2, 0x80)),
}
"""By dtype, the bits of which bytes hold the exponent: NaN and infinity have all of them set (IEEE 754)."""


@dataclass(frozen=True, kw_only=True)
class TensorEntry:
    """One tensor's line of a header: where its bytes lie in the file, from ``start`` to before ``end``."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int


@dataclass(frozen=True, kw_only=True)
class FileHeader:
    """A header: its tensors by name, the text beside them, and where in the file the tensors' bytes begin."""

    tensors: Mapping[str, TensorEntry]
    metadata: Mapping[str, str]
    begin: int


def header_bytes(start: bytes, where: str) -> int:
    """The number of bytes up to the end of the header of a file that begins so. Raises InvalidInputError naming ``where``."""
    length = int.from_bytes(start[:LENGTH_BYTES], "little")
    if len(start) < LENGTH_BYTES or not 2 <= length <= LARGEST_HEADER:
        got = f"a header of {length} bytes" if len(start) >= LENGTH_BYTES else f"{len(start)} bytes"
        raise InvalidInputError(
            where, got=got, allowed=f"a safetensors file, its header at most {LARGEST_HEADER} bytes"
        )
    return LENGTH_BYTES + length


def read_header(start: bytes, where: str) -> FileHeader:
    """The header of a file that begins so. Raises InvalidInputError naming ``where`` where it is cut short or malformed."""
    begin = header_bytes(start, where)
    if len(start) < begin:
        raise InvalidInputError(where, got=f"{len(start)} bytes", allowed=f"all {begin} bytes of the header")
    try:
        values = load(start[LENGTH_BYTES:begin].decode())
    except ValueError as error:
        allowed = "a safetensors file: its header is JSON in which nothing is named twice"
        raise InvalidInputError(where, got=f"a header that cannot be read: {error}", allowed=allowed) from error
    if not isinstance(values, dict):
        raise InvalidInputError(where, got="a header that is no JSON object", allowed="a safetensors file")
    metadata = values.pop(_METADATA, {})
    if not isinstance(metadata, dict) or not all(isinstance(text, str) for text in metadata.values()):
        raise InvalidInputError(f"{where}: {_METADATA}", got="something else", allowed="an object of texts")
    if unreadable := [name for name in values if _has_surrogates(name)]:
        raise InvalidInputError(f"{where}: a tensor's name", got=unreadable[0][:80], allowed="text that UTF-8 can hold")
    tensors = {name: _entry(name, value, begin, where) for name, value in values.items()}
    return FileHeader(tensors=tensors, metadata=metadata, begin=begin)


def check_cover(header: FileHeader, size: int, where: str) -> None:
    """Raise InvalidInputError unless the tensors cover the rest of a file of ``size`` bytes, without gaps and overlaps."""
    position = header.begin
    for tensor in sorted(header.tensors.values(), key=lambda each: (each.start, each.end)):
        if tensor.start != position:
            got = f"{tensor.name[:80]} at byte {tensor.start - header.begin}"
            allowed = f"byte {position - header.begin}, where the tensor before it ends"
            raise InvalidInputError(f"{where}: data_offsets", got=got, allowed=allowed)
        position = tensor.end
    if position != size:
        allowed = f"{position} bytes, as the header says: the file is cut short or has something behind its tensors"
        raise InvalidInputError(where, got=f"{size} bytes", allowed=allowed)


def header_text(tensors: Iterable[tuple[str, str, Sequence[int], int]], metadata: Mapping[str, str]) -> bytes:
    """The beginning of a file of tensors (name, dtype, shape, bytes) that follow one another in this order."""
    values: dict[str, Any] = {_METADATA: dict(metadata)}
    position = 0
    for name, dtype, shape, length in tensors:
        values[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [position, position + length]}
        position += length
    text = json.dumps(values, separators=(",", ":")).encode()
    text += b" " * (-len(text) % LENGTH_BYTES)  # so that the tensors are aligned
    return len(text).to_bytes(LENGTH_BYTES, "little") + text


def is_finite(body: bytes, tensor: TensorEntry) -> bool:
    """Whether every number of a tensor of dtype F16, BF16 or F32 is finite. Linear in time, whatever the numbers are."""
    size, bits = ITEM_BYTES[tensor.dtype], _ALL_ONES[tensor.dtype]
    return not any(
        _has_all_ones(body[at : min(at + _BLOCK, tensor.end)], size, bits)
        for at in range(tensor.start, tensor.end, _BLOCK)
    )


def _has_all_ones(block: bytes, size: int, bits: Sequence[tuple[int, int]]) -> bool:
    flags = (_flags(block[offset::size], mask) for offset, mask in bits)
    together = next(flags)
    return 1 in together and all(int.from_bytes(together) & int.from_bytes(more) for more in flags)


def _flags(column: bytes, mask: int) -> bytes:
    """For each byte, 1 where it has all bits of the mask."""
    return column.translate(_table(mask))


@cache
def _table(mask: int) -> bytes:
    return bytes(int(value & mask == mask) for value in range(256))


def _entry(name: str, value: Any, begin: int, where: str) -> TensorEntry:
    value = value if isinstance(value, dict) else {}
    dtype, shape, offsets = (value.get(key) for key in ("dtype", "shape", "data_offsets"))
    checks: Mapping[str, Callable[[], bool]] = {
        f"a dtype of {' | '.join(ITEM_BYTES)}": lambda: isinstance(dtype, str) and dtype in ITEM_BYTES,
        "a shape of whole numbers": lambda: _are_counts(shape),
        "two data_offsets, as far apart as dtype and shape say": lambda: (
            _are_counts(offsets) and len(offsets) == 2 and offsets[1] - offsets[0] == prod(shape) * ITEM_BYTES[dtype]
        ),
    }
    for allowed, check in checks.items():
        if not check():
            raise InvalidInputError(f"{where}: header of {name[:80]}", got=value, allowed=allowed)
    first, last = offsets
    return TensorEntry(name=name, dtype=dtype, shape=tuple(shape), start=begin + first, end=begin + last)


def _has_surrogates(name: str) -> bool:
    return any("\ud800" <= letter <= "\udfff" for letter in name)


def _are_counts(values: Any) -> bool:
    counts = isinstance(values, list) and len(values) <= MOST_DIMENSIONS
    return counts and all(type(value) is int and value >= 0 for value in values)
