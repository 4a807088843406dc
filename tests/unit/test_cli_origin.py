"""``atelier verify PICTURE``: what manifest and mark say, and which record that is."""

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import numpy as np
import pytest
from moto import mock_aws
from PIL import Image

from atelier_inference.provenance.certificates import make_chain
from atelier_inference.provenance.facts import Facts
from atelier_inference.provenance.manifest import manifest
from atelier_inference.provenance.signing import C2paSigner
from cli.errors import CommandError
from cli.origin import find_origin, mark_key, tell_origin
from contracts.errors import InvalidInputError
from contracts.mark import mark_of
from imaging.mark import write_mark
from imaging.xmp import PAINTED
from tests.unit.signing import MemoryKey

Client = Callable[[str], Any]
FACTS = Facts(source_type=PAINTED, mode="text_to_image", model="tiny@1", styles=[], settings={"seed": 1})
SIGNING = MemoryKey()
CHAIN = make_chain(SIGNING.public_key(), "atelier-test")


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    for name, value in {"ACCESS_KEY_ID": "x", "SECRET_ACCESS_KEY": "x", "DEFAULT_REGION": "eu-west-1"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    with mock_aws():
        yield lambda service: boto3.client(service)  # type: ignore[call-overload]


@pytest.fixture
def outputs(client: Client) -> dict[str, str]:
    made = client("kms").create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")
    s3 = client("s3")
    s3.create_bucket(Bucket="models", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="models", Key="certificates/k.pem", Body=CHAIN.encode())
    return {"MarkKeyArn": made["KeyMetadata"]["Arn"], "ModelBucketName": "models"}


def picture() -> Image.Image:
    rng = np.random.default_rng(2)
    return Image.fromarray(np.clip(rng.normal(128, 6, (256, 256, 3)), 0, 255).astype(np.uint8))


def as_file(image: Image.Image, file_format: str = "PNG") -> bytes:
    file = io.BytesIO()
    image.save(file, file_format)
    return file.getvalue()


def signed(data: bytes) -> bytes:
    return C2paSigner(SIGNING, CHAIN).signed(data, "png", manifest(FACTS))


def marked(image: Image.Image, client: Client, outputs: dict[str, str]) -> Image.Image:
    return write_mark(image, Image.new("L", image.size, 255), int(mark_of("p1"), 16), mark_key(client, outputs))


def ask(mark: str) -> str:
    return "p1" if mark == mark_of("p1") else ""


@pytest.mark.parametrize(
    ("is_signed", "is_marked", "verdict"),
    [(True, True, "both"), (True, False, "manifest"), (False, True, "mark"), (False, False, "neither")],
)
def test_manifest_and_mark_are_told_apart(
    is_signed: bool, is_marked: bool, verdict: str, client: Client, outputs: dict[str, str], tmp_path: Path
) -> None:
    image = marked(picture(), client, outputs) if is_marked else picture()
    file = tmp_path / "a.png"
    file.write_bytes(signed(as_file(image)) if is_signed else as_file(image))
    origin = find_origin(file, client, lambda: outputs, ask)
    assert origin.verdict == verdict
    assert (origin.manifest, origin.software) == (("trusted", "Atelier") if is_signed else ("none", ""))
    assert (origin.mark, origin.prediction) == ((mark_of("p1"), "p1") if is_marked else ("", ""))
    assert (origin.confidence > 0.55) == is_marked


def test_a_picture_that_was_cut_and_encoded_anew_is_traced(
    client: Client, outputs: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "b.jpg"
    file.write_bytes(as_file(marked(picture(), client, outputs).crop((9, 13, 250, 240)), "JPEG"))
    tell_origin(file, client, lambda: outputs, ask, json=False)
    told = capsys.readouterr().out
    assert "its mark says that this stage painted in it; its manifest is gone" in told
    assert "prediction: p1" in told
    tell_origin(file, client, lambda: outputs, ask, json=True)
    assert json.loads(capsys.readouterr().out)["prediction"] == "p1"


def test_a_changed_picture_is_tampered_with_and_still_traced(
    client: Client, outputs: dict[str, str], tmp_path: Path
) -> None:
    """Other pixels under a manifest that was taken from another picture."""
    whole, other = signed(as_file(picture())), as_file(marked(picture(), client, outputs))
    file = tmp_path / "c.png"
    file.write_bytes(with_manifest_of(whole, other))
    origin = find_origin(file, client, lambda: outputs, ask)
    assert (origin.verdict, origin.manifest, origin.prediction) == ("tampered", "tampered", "p1")
    with pytest.raises(CommandError, match="not of this picture"):
        tell_origin(file, client, lambda: outputs, ask, json=False)


def with_manifest_of(one: bytes, other: bytes) -> bytes:
    """A PNG with the chunk of another's that holds its manifest (caBX)."""
    place = one.index(b"caBX") - 4
    length = int.from_bytes(one[place : place + 4], "big") + 12
    header = 8 + 25  # the signature and IHDR
    return other[:header] + one[place : place + length] + other[header:]


def test_a_manifest_of_another_signer_is_valid_and_no_more(
    client: Client, outputs: dict[str, str], tmp_path: Path
) -> None:
    other = MemoryKey()
    chain = make_chain(other.public_key(), "somebody")
    file = tmp_path / "h.png"
    file.write_bytes(C2paSigner(other, chain).signed(as_file(picture()), "png", manifest(FACTS)))
    assert find_origin(file, client, lambda: outputs, ask).manifest == "valid"


def test_what_has_neither_ends_with_1_and_says_so(client: Client, outputs: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "d.png"
    file.write_bytes(as_file(picture()))
    with pytest.raises(CommandError, match="neither a manifest nor a mark"):
        tell_origin(file, client, lambda: outputs, ask, json=False)


def test_a_deleted_record_is_said_to_be_gone(
    client: Client, outputs: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "e.png"
    file.write_bytes(as_file(marked(picture(), client, outputs)))
    tell_origin(file, client, lambda: outputs, lambda _: "", json=False)
    assert "prediction: none that is yours, or it was deleted" in capsys.readouterr().out


def test_a_stage_without_marks_is_named(client: Client, outputs: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "f.png"
    file.write_bytes(as_file(picture()))
    with pytest.raises(InvalidInputError, match=r"provenance\.marked"):
        find_origin(file, client, lambda: {"ModelBucketName": outputs["ModelBucketName"]}, ask)


def test_a_text_is_no_picture(client: Client, outputs: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "g.png"
    file.write_text("hello")
    with pytest.raises(InvalidInputError):
        find_origin(file, client, lambda: outputs, ask)
