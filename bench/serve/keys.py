"""A stand-in for KMS on a loopback port, with the two keys of pictures; it answers at once: what is measured is the server's own work."""

import base64
import hmac
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from atelier_inference.provenance.certificates import make_chain
from bench.serve.loopback import answering

_PREFIX = "arn:aws:kms:us-east-1:123456789012:key/"
_CERTIFICATES = "certificates"


@contextmanager
def picture_keys(objects: Path) -> Iterator[Mapping[str, str]]:
    """The environment with which a server signs and marks; its certificates lie below ``objects/bench``."""
    private, mark = ec.generate_private_key(ec.SECP256R1()), b"a key of the bench's own, 32 bytes"
    public = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    chain = objects / "bench" / _CERTIFICATES / "signing.pem"
    chain.parent.mkdir(parents=True, exist_ok=True)
    chain.write_text(make_chain(public, "bench"), encoding="ascii")

    def sign(digest: bytes) -> dict[str, Any]:
        signature = private.sign(digest, ec.ECDSA(utils.Prehashed(SHA256())))
        return {"Signature": _text(signature), "SigningAlgorithm": "ECDSA_SHA_256"}

    def answer(operation: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        message = base64.b64decode(asked.get("Message", ""))
        if operation == "Sign":
            return sign(message)
        if operation == "GenerateMac":
            return {"Mac": _text(hmac.digest(mark, message, "sha256")), "MacAlgorithm": "HMAC_SHA_256"}
        return {"PublicKey": _text(public), "KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"}

    with _served(answer) as address:
        yield {
            "ATELIER_SIGNING_KEY": f"{_PREFIX}signing",
            "ATELIER_MARK_KEY": f"{_PREFIX}mark",
            "ATELIER_CERTIFICATES_URI": f"s3://bench/{_CERTIFICATES}/",
            "AWS_ENDPOINT_URL_KMS": address,
        }


@contextmanager
def _served(answer: Any) -> Iterator[str]:
    class Door(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            body = json.dumps(answer(self.headers["X-Amz-Target"].rpartition(".")[2], asked)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    with answering(Door) as address:
        yield address


def _text(body: bytes) -> str:
    return base64.b64encode(body).decode()
