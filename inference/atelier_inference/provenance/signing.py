"""Writes a picture's facts into its file: XMP, a PNG's text, and a manifest that the deployment's key signs."""

import io
import threading
from collections.abc import Mapping
from typing import Any, Protocol

import c2pa
from PIL import Image

from atelier_inference.mode import Job
from atelier_inference.provenance.facts import facts_of
from atelier_inference.provenance.keys import ClaimKey
from atelier_inference.provenance.manifest import manifest
from atelier_inference.provenance.xmp import packet
from contracts.disclosure import TEXTS, Texts
from imaging.pictures import encode
from imaging.told import Told
from imaging.xmp import SOFTWARE

# No thumbnail: it would show what is in the file anyway. And what was just signed is not checked: that takes as long again.
_SETTINGS = {"builder": {"thumbnail": {"enabled": False}}, "verify": {"verify_after_sign": False}}


class ManifestSigner(Protocol):
    """Adds a signed manifest to an encoded picture. Any thread may use it."""

    def signed(self, data: bytes, file_format: str, claims: Mapping[str, Any]) -> bytes:
        """The file with the manifest. Raises SigningError."""


class C2paSigner:
    """``certificates`` is the key's chain in PEM, its own first."""

    def __init__(self, key: ClaimKey, certificates: str) -> None:
        self._key = key
        self._thread = threading.local()
        self._signer = c2pa.Signer.from_callback(self._sign, c2pa.C2paSigningAlg.ES256, certificates)
        self._context = c2pa.Context(c2pa.Settings.from_dict(_SETTINGS))

    def signed(self, data: bytes, file_format: str, claims: Mapping[str, Any]) -> bytes:
        """See ManifestSigner."""
        kind, written = f"image/{file_format}", io.BytesIO()
        self._thread.error = None
        try:
            with c2pa.Builder(dict(claims), self._context) as builder:
                builder.sign(self._signer, kind, io.BytesIO(data), written)
        except c2pa.C2paError as error:
            # What the key says goes through a library in another language, which knows no more than that it failed.
            raise self._thread.error or error from None
        return written.getvalue()

    def _sign(self, data: bytes) -> bytes:
        try:
            return self._key.sign(data)
        except Exception as error:
            self._thread.error = error
            raise


class PictureWriter:
    """What this server writes into pictures: a manifest where it has a key to sign with, and words where ``prompt`` says so.

    ``disclosure`` is what people are told who see them.
    """

    def __init__(
        self, signing: ManifestSigner | None = None, *, prompt: bool = False, disclosure: Texts = TEXTS
    ) -> None:
        self._signing = signing
        self._prompt = prompt
        self._disclosure = disclosure

    def encode(self, job: Job, picture: Image.Image, number: int) -> bytes:
        """The file of the job's picture ``number``, in the format of its request. Raises SigningError."""
        file_format = job.request.output_format
        facts = facts_of(job, number, prompt=self._prompt)
        if facts is None:
            return encode(picture, file_format)
        texts = {"Software": SOFTWARE, "Comment": facts.as_text}
        data = encode(picture, file_format, Told(xmp=packet(facts, self._disclosure), texts=texts))
        if self._signing is None:
            return data
        with job.watch.measure("sign"):
            return self._signing.signed(data, file_format, manifest(facts))
