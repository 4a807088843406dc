"""The key that signs manifests: it lies in KMS, and signs there."""

from hashlib import sha256
from typing import Protocol

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from atelier_inference.measures import MEASURES
from atelier_inference.queue import BusyError

_PATIENCE = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 3})


class SigningError(BusyError):
    """The key could not sign: a picture without its manifest leaves nobody, and a later try may succeed."""


class ClaimKey(Protocol):
    """A key on the curve P-256. Any thread may use it."""

    def public_key(self) -> bytes:
        """Its public part, DER."""

    def sign(self, data: bytes) -> bytes:
        """The signature of ``data`` (ECDSA with SHA-256), r and s of 32 bytes each. Raises SigningError."""


class KmsKey:
    """``key_id`` is its ARN."""

    def __init__(self, key_id: str) -> None:
        self._key_id = key_id
        self._kms = boto3.client("kms", config=_PATIENCE)

    def public_key(self) -> bytes:
        """See ClaimKey; raises what KMS says."""
        return bytes(self._kms.get_public_key(KeyId=self._key_id)["PublicKey"])

    def sign(self, data: bytes) -> bytes:
        """See ClaimKey."""
        try:
            answer = self._kms.sign(
                KeyId=self._key_id,
                Message=sha256(data).digest(),
                MessageType="DIGEST",
                SigningAlgorithm="ECDSA_SHA_256",
            )
        except (BotoCoreError, ClientError) as error:
            MEASURES.count("SigningFailures")
            raise SigningError(f"the stage's key did not sign the picture: {error}") from error
        # C2PA signatures are COSE's (RFC 9053): the two numbers side by side, not KMS's DER.
        return b"".join(number.to_bytes(32) for number in decode_dss_signature(answer["Signature"]))
