"""Whether the manifests of repainted pictures are valid, and whether a changed picture is told: ``python -m bench.lawful.manifest``.

Drawn figures (``models.tiny.make.figures``) are repainted by the tiny models in one step, as PNG, JPEG and WebP in turn, and signed with a
key in memory in the place of one in KMS. C2PA's own reader looks at each file: as it left, to whoever trusts the deployment's root; and
with one bit of its pixels changed.
"""

import argparse
import io
import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import c2pa
import numpy as np
import torch
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from atelier_inference.modes import Modes
from atelier_inference.provenance.certificates import make_chain
from atelier_inference.provenance.signing import C2paSigner, PictureWriter
from bench.lawful.intervals import interval
from bench.tiny_server import SIZE, paint, sent, tiny_modes
from contracts.prediction import PredictionInput
from imaging.masks import to_image
from models.tiny.make.figures import drawings

FORMATS = ("png", "jpeg", "webp")
SEED = 770_000
_WEBP_PIXELS = 300
"""Bytes into the file."""


class LaptopKey:
    """A key as KMS has one, for as long as the process lives."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())

    def public_key(self) -> bytes:
        """Its public part, DER."""
        return self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def sign(self, data: bytes) -> bytes:
        """ES256, as COSE writes it."""
        signature = self._key.sign(data, ec.ECDSA(SHA256()))
        return b"".join(number.to_bytes(32) for number in decode_dss_signature(signature))


def measure(pictures: int, seed: int = SEED) -> dict[str, tuple[int, int]]:
    """By name, how many of how many."""
    key = LaptopKey()
    chain = make_chain(key.public_key(), "atelier-bench")
    root = chain[chain.rindex("-----BEGIN") :]
    settings = c2pa.Settings.from_dict({"verify": {"verify_trust": True}, "trust": {"trust_anchors": root}})
    context = c2pa.Context(settings)
    valid = told = 0
    with tempfile.TemporaryDirectory() as folder:
        modes = tiny_modes(Path(folder))
        mode = modes["inpaint"]
        mode.dependencies = replace(mode.dependencies, files=PictureWriter(C2paSigner(key, chain)))
        for kind, file in _signed(modes, pictures, seed):
            valid += _state(file, kind, context) == "Trusted"
            told += _state(_with_another_bit(file, kind), kind, context) in ("Invalid", "")
    return {"manifest_valid": (valid, pictures), "manifest_tampered_told": (told, pictures)}


def _signed(modes: Modes, pictures: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """Repainted pictures, each with its format."""
    for place, file_format in enumerate(FORMATS):
        count = len(range(place, pictures, len(FORMATS)))
        asked = list(islice(_requests(seed + place, count, file_format), count))
        for answer in paint(modes, asked):
            yield from ((file_format, file) for file in answer.files)


def _requests(seed: int, count: int, file_format: str) -> Iterator[PredictionInput]:
    for place, drawing in enumerate(drawings(seed, 2 * count, SIZE)):
        for garment in drawing.outfit.garments[:1]:
            mask = to_image(np.asarray(drawing.labels == garment.label))
            if mask.getbbox() is None:
                continue
            body = {
                "mode": "inpaint",
                "image": sent(drawing.image),
                "mask": sent(mask),
                "prompt": f"a photo of a red {garment.kind}",
                "seed": place,
                "num_inference_steps": 1,
                "guidance_scale": 1.0,
                "output_format": file_format,
            }
            yield PredictionInput.from_json(body)


def _state(file: bytes, file_format: str, context: c2pa.Context) -> str:
    """What the reader says of a file; nothing where it cannot be read any more."""
    try:
        with c2pa.Reader(f"image/{file_format}", io.BytesIO(file), context=context) as reader:
            return str(reader.get_validation_state())
    except c2pa.C2paError:
        return ""


def _with_another_bit(file: bytes, file_format: str) -> bytes:
    """The file with a bit of its pixels changed. Manifests stand before them, of a WebP behind; what fills a manifest up means nothing."""
    changed = bytearray(file)
    changed[_WEBP_PIXELS if file_format == "webp" else -len(file) // 8] ^= 1
    return bytes(changed)


def main() -> None:
    """Measure, print; the last line is JSON. Exits with 1 where a manifest is not valid or a change is not told."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=501)
    parser.add_argument("--seed", type=int, default=SEED)
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    found = measure(chosen.pictures, chosen.seed)
    shares = {name: hits / n for name, (hits, n) in found.items()}
    intervals = {name: interval(hits, n) for name, (hits, n) in found.items()}
    print(json.dumps({**shares, "n": {name: n for name, (_, n) in found.items()}, "intervals": intervals}))
    sys.exit(0 if min(shares.values()) == 1 else 1)


if __name__ == "__main__":
    main()
