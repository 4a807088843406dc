"""A signing key in memory, as KMS has one."""

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from atelier_inference.provenance.keys import SigningError


class MemoryKey:
    """``broken`` ones do not sign."""

    def __init__(self, *, broken: bool = False) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.broken = broken

    def public_key(self) -> bytes:
        return self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def sign(self, data: bytes) -> bytes:
        if self.broken:
            raise SigningError("the stage's key did not sign the picture: it sleeps")
        return b"".join(each.to_bytes(32) for each in decode_dss_signature(self._key.sign(data, ec.ECDSA(SHA256()))))
