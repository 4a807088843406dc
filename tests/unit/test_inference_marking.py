"""The server's mark: its key is made by KMS, and it goes where the mask says."""

from collections.abc import Iterator

import boto3
import numpy as np
import pytest
from moto import mock_aws
from PIL import Image

from atelier_inference.marking import MarkWriter, load_marking
from atelier_inference.mode import Result
from contracts.mark import MARK_PATTERN, mark_of
from imaging.mark_reading import read_mark

KEY = bytes(range(32))
SIZE = (256, 256)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in {"ACCESS_KEY_ID": "x", "SECRET_ACCESS_KEY": "x", "DEFAULT_REGION": "eu-west-1"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    with mock_aws():
        yield


def _grey() -> Image.Image:
    return Image.effect_noise(SIZE, 6).convert("RGB")


def test_a_mark_is_48_bits_of_a_hash() -> None:
    assert mark_of("abc") == "ba7816bf8f01"  # FIPS 180-2's example
    assert len({mark_of(f"p-{number}") for number in range(1_000)}) == 1_000
    assert MARK_PATTERN == "[0-9a-f]{12}"


def test_every_picture_of_a_result_is_marked_where_it_was_painted() -> None:
    alpha = Image.new("L", SIZE)
    alpha.paste(255, (40, 60, 200, 220))
    pictures = [_grey(), _grey()]
    before = [np.asarray(each).copy() for each in pictures]
    marked = list(MarkWriter(KEY).marked(Result(images=pictures, mask=alpha), mark_of("p-1")))
    outside = np.asarray(alpha) == 0
    for old, new in zip(before, marked, strict=True):
        assert np.array_equal(np.asarray(new)[outside], old[outside])
        found = read_mark(new, KEY)
        assert found is not None
        assert f"{found.payload:012x}" == mark_of("p-1")


def test_without_a_mask_all_of_a_picture_is_marked() -> None:
    (marked,) = MarkWriter(KEY).marked(Result(images=[_grey()]), mark_of("p-2"))
    found = read_mark(marked.crop((0, 0, 130, 130)), KEY)
    assert found is not None
    assert f"{found.payload:012x}" == mark_of("p-2")


@pytest.mark.usefixtures("aws")
def test_the_key_is_what_kms_makes_and_the_same_each_time() -> None:
    made = boto3.client("kms").create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]["Arn"]
    one, other = load_marking(made), load_marking(made)
    assert one is not None
    assert other is not None
    (marked,) = one.marked(Result(images=[_grey()]), "0123456789ab")
    assert len(one.key) == 32
    assert one.key == other.key
    assert read_mark(marked, other.key) is not None


def test_no_key_no_mark() -> None:
    assert load_marking("") is None
