"""Safetensors by hand: what is read is what safetensors reads, and a file that lies is refused before it is believed."""

import json
import math
import struct
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors import deserialize

from atelier_ops.logic.lora.safetensors import (
    LARGEST_HEADER,
    FileHeader,
    TensorEntry,
    check_cover,
    header_text,
    is_finite,
    read_header,
)
from contracts.errors import InvalidInputError
from tests.unit.lora_files import file_of, tensor, with_header

GOOD = {"a": tensor((2, 3), "F16"), "b": tensor((4,), "F32"), "c": tensor((), "BF16")}


def read(body: bytes) -> FileHeader:
    header = read_header(body, "weights")
    check_cover(header, len(body), "weights")
    return header


def line(**changes: Any) -> bytes:
    """A file of one tensor of 4 bytes whose line has changes."""
    value = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4], **changes}
    return with_header(json.dumps({"a": value}).encode(), bytes(4))


def test_a_header_says_where_each_tensor_lies() -> None:
    body = file_of(GOOD, {"format": "pt"})
    header = read(body)
    assert header.metadata == {"format": "pt"}
    for name, (dtype, shape, data) in GOOD.items():
        entry = header.tensors[name]
        assert (entry.dtype, entry.shape, body[entry.start : entry.end]) == (dtype, shape, data)


def test_a_header_that_is_written_is_read_by_safetensors_itself() -> None:
    text = header_text([(name, dtype, shape, len(data)) for name, (dtype, shape, data) in GOOD.items()], {"k": "v"})
    body = text + b"".join(data for _, _, data in GOOD.values())
    assert len(text) % 8 == 0
    read_back = deserialize(body)  # type: ignore[no-untyped-call]
    assert {name: bytes(value["data"]) for name, value in read_back} == {
        name: data for name, (_, _, data) in GOOD.items()
    }
    assert read(body).metadata == {"k": "v"}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "got '0 bytes'"),
        (b"PK\x03\x04 not weights at all", "a safetensors file"),
        ((2**62).to_bytes(8, "little") + b"{}", f"at most {LARGEST_HEADER} bytes"),
        ((1000).to_bytes(8, "little") + b"{}", "all 1008 bytes of the header"),
        (with_header(b"{{{"), "a header that cannot be read"),
        (with_header(b"[" * 100_000), "a header that cannot be read"),
        (with_header(b"\xff\xfe{}"), "a header that cannot be read"),
        (with_header(b"[]"), "no JSON object"),
        (with_header(b'{"a": {}, "a": {}}'), "the key 'a' stands there twice"),
        (with_header(b'{"__metadata__": {"a": 1}}'), "an object of texts"),
        (with_header(b'{"a": 1}'), "a dtype of"),
        (with_header(b'{"\\ud800.lora_A.weight": {}}'), "text that UTF-8 can hold"),
        (line(dtype="F4"), "a dtype of"),
        (line(dtype=["F32"]), "a dtype of"),
        (line(shape=[-1]), "a shape of whole numbers"),
        (line(shape=[1.0]), "a shape of whole numbers"),
        (line(shape=[True]), "a shape of whole numbers"),
        (line(shape=[1] * 1000), "a shape of whole numbers"),
        (line(shape=[2]), "as far apart as dtype and shape say"),
        (line(data_offsets=[4, 0]), "as far apart as dtype and shape say"),
        (line(data_offsets=[0]), "as far apart as dtype and shape say"),
        (line(data_offsets=[1, 5]), "byte 0, where the tensor before it ends"),
        (line() + b"\0", "the file is cut short or has something behind"),
        (line()[:-1], "the file is cut short or has something behind"),
        (with_header(b"{}", b"\0"), "the file is cut short or has something behind"),
    ],
)
def test_a_file_that_lies_is_refused(body: bytes, message: str) -> None:
    with pytest.raises(InvalidInputError, match="weights") as caught:
        read(body)
    assert message in str(caught.value)


def test_tensors_that_overlap_are_refused() -> None:
    lines = {
        name: {"dtype": "F32", "shape": [2], "data_offsets": [start, start + 8]} for name, start in (("a", 0), ("b", 4))
    }
    with pytest.raises(InvalidInputError, match="data_offsets: got 'b at byte 4'; allowed: byte 8"):
        read(with_header(json.dumps(lines).encode(), bytes(12)))


@given(st.binary(max_size=200))
def test_no_bytes_are_an_error_of_ours(body: bytes) -> None:
    for candidate in (body, with_header(body)):
        with suppress(InvalidInputError):
            read(candidate)


BITS = {"F16": ("<e", "<H", 16), "BF16": ("<f", "<H", 16), "F32": ("<f", "<I", 32)}


def is_number(bits: int, dtype: str) -> bool:
    """By Python's own reading of the bits."""
    form, word, _ = BITS[dtype]
    data = struct.pack(word, bits)
    (value,) = struct.unpack(form, b"\0\0" + data if dtype == "BF16" else data)
    return math.isfinite(value)


def entry(dtype: str, length: int) -> TensorEntry:
    return TensorEntry(name="t", dtype=dtype, shape=(), start=1, end=1 + length)


@pytest.mark.parametrize("dtype", ["F16", "BF16"])
def test_every_number_of_16_bits_is_judged_as_python_judges_it(dtype: str) -> None:
    for bits in range(2**16):
        body = b"x" + struct.pack("<H", bits) + b"y"
        assert is_finite(body, entry(dtype, 2)) == is_number(bits, dtype), hex(bits)


@given(
    st.lists(st.integers(0, 2**32 - 1) | st.sampled_from((0x7F800000, 0xFF800000, 0x7FC00000, 0x7F7FFFFF)), max_size=8)
)
def test_numbers_of_32_bits_are_judged_as_python_judges_them(words: list[int]) -> None:
    data = b"".join(struct.pack("<I", word) for word in words)
    assert is_finite(b"x" + data, entry("F32", len(data))) == all(is_number(word, "F32") for word in words)


@pytest.mark.parametrize("place", [0, 4 * 2**20 - 4, 4 * 2**20, 9 * 2**20 - 4])
def test_one_infinity_among_millions_is_found(place: int) -> None:
    data = bytearray(
        b"\xff\xff\x7f\x7f" * (9 * 2**18)
    )  # the largest number of F32, whose exponent has all ones but one
    assert is_finite(b"x" + bytes(data), entry("F32", len(data)))
    data[place : place + 4] = struct.pack("<f", float("inf"))
    assert not is_finite(b"x" + bytes(data), entry("F32", len(data)))
