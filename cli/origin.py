"""Where a picture comes from: what its manifest says, what its invisible mark says, and whose record that is."""

import io
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cli.errors import CommandError
from cli.terminal import print_json
from contracts.errors import InvalidInputError
from contracts.layout import CERTIFICATES
from contracts.mark import MAC_ALGORITHM, MARK_MESSAGE

Client = Callable[[str], Any]
_BEGIN = "-----BEGIN CERTIFICATE-----"
_MANIFESTS = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}


@dataclass(frozen=True, kw_only=True)
class Origin:
    """``manifest`` is none, tampered, valid (but signed by no key of the stage) or trusted; ``software`` is what it names.

    ``mark`` has 12 hexadecimal digits, empty where none was found; ``confidence`` is how like a mark the picture is, at most 1, and
    ``size`` that of the picture of the one that was marked. ``prediction`` is the id of the record, empty where there is none (any more).
    """

    verdict: str
    manifest: str
    software: str = ""
    mark: str = ""
    confidence: float = 0.0
    size: float = 0.0
    prediction: str = ""


def tell_origin(
    picture: Path, client: Client, output: Callable[[], dict[str, str]], ask: Callable[[str], str], *, json: bool
) -> None:
    """Print where a picture comes from. ``output`` gives the stage's outputs, ``ask`` the id of the prediction of a mark, or nothing.

    Raises CommandError, exit code 1, where neither manifest nor mark is there, or the manifest is not the picture's.
    """
    origin = find_origin(picture, client, output, ask)
    if json:
        print_json(asdict(origin))
    else:
        for line in _lines(picture, origin):
            print(line)
    if origin.verdict in ("neither", "tampered"):
        raise CommandError(f"{picture}: {_VERDICTS[origin.verdict]}")


def find_origin(
    picture: Path, client: Client, output: Callable[[], dict[str, str]], ask: Callable[[str], str]
) -> Origin:
    """Look at both. Raises InvalidInputError for what is no picture, and for a stage that marks nothing."""
    from imaging.mark_reading import read_mark
    from imaging.pictures import read_picture

    data = picture.read_bytes()
    image = read_picture(data, name=str(picture)).image
    outputs = output()
    manifest, software = read_manifest(data, roots(client, outputs))
    found = read_mark(image, mark_key(client, outputs))
    if found is None:
        return Origin(verdict=_verdict(manifest, marked=False), manifest=manifest, software=software)
    mark = f"{found.payload:012x}"
    return Origin(
        verdict=_verdict(manifest, marked=True),
        manifest=manifest,
        software=software,
        mark=mark,
        confidence=round(found.confidence, 2),
        size=round(found.size, 2),
        prediction=ask(mark),
    )


def mark_key(client: Client, outputs: dict[str, str]) -> bytes:
    """The key of a stage's marks, which its key in KMS makes. Raises InvalidInputError where the stage has none."""
    if not (arn := outputs.get("MarkKeyArn")):
        raise InvalidInputError("stage", got="one whose pictures hold no mark", allowed="one with provenance.marked")
    answer = client("kms").generate_mac(KeyId=arn, Message=MARK_MESSAGE, MacAlgorithm=MAC_ALGORITHM)
    return bytes(answer["Mac"])


def roots(client: Client, outputs: dict[str, str]) -> str:
    """The last certificates of the stage's chains, in PEM; nothing where no model server has put one there yet."""
    s3, bucket = client("s3"), outputs["ModelBucketName"]
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=CERTIFICATES).get("Contents", [])
    chains = [
        s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read().decode("ascii", "replace") for each in listed
    ]
    return "".join(chain[chain.rfind(_BEGIN) :] for chain in chains if _BEGIN in chain)


def read_manifest(data: bytes, trusted: str) -> tuple[str, str]:
    """What a picture file's C2PA manifest is (``Origin.manifest``) to who trusts certificates, and the software that it names."""
    import c2pa
    from PIL import Image

    with Image.open(io.BytesIO(data)) as opened:
        kind = _MANIFESTS.get(opened.format or "")
    if kind is None:
        return "none", ""
    settings = c2pa.Settings.from_dict({"trust": {"trust_anchors": trusted}} if trusted else {})
    try:
        with c2pa.Reader(kind, io.BytesIO(data), context=c2pa.Context(settings)) as reader:
            state = str(reader.get_validation_state())
            active = reader.get_active_manifest() or {}
    except c2pa.C2paError as error:
        return ("none" if "ManifestNotFound" in type(error).__name__ + str(error) else "tampered"), ""
    generators = active.get("claim_generator_info") or [{}]
    # A signer whom nobody vouches for is no reason for "Invalid"; changed pixels or claims are.
    return {"Valid": "valid", "Trusted": "trusted"}.get(state, "tampered"), str(generators[0].get("name", ""))


_VERDICTS = {
    "both": "its manifest and its mark say where it comes from",
    "manifest": "its manifest says where it comes from; it holds no mark of this stage",
    "mark": "its mark says that this stage painted in it; its manifest is gone",
    "neither": "it holds neither a manifest nor a mark of this stage",
    "tampered": "its manifest is not of this picture: the picture or the manifest was changed",
}


def _verdict(manifest: str, *, marked: bool) -> str:
    if manifest == "tampered":
        return "tampered"
    signed = manifest != "none"
    return {(True, True): "both", (True, False): "manifest", (False, True): "mark", (False, False): "neither"}[
        signed, marked
    ]


def _lines(picture: Path, origin: Origin) -> list[str]:
    by = f", written by {origin.software}" if origin.software else ""
    lines = [f"{picture}: {_VERDICTS[origin.verdict]}", f"manifest: {origin.manifest}{by}"]
    if not origin.mark:
        return [*lines, "mark: none"]
    lines.append(f"mark: {origin.mark}, confidence {origin.confidence:.2f} of 1")
    return [*lines, f"prediction: {origin.prediction or 'none that is yours, or it was deleted'}"]
