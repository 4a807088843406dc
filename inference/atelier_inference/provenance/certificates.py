"""The certificates of a deployment's signing key: those that its operator brought, or a pair that the first model server makes.

What signs the pair is a key that exists for that moment alone, so nobody can issue another certificate in its name.
"""

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from contracts.errors import InvalidInputError

YEARS = 10
"""A picture without a time stamp of somebody else's is not valid any more once its certificate has expired."""
_CLAIMS = ObjectIdentifier("1.3.6.1.4.1.62558.2.1")
"""c2pa-kp-claimSigning: the C2PA specification's certificate profile (14.5.1 in 2.2)."""


def check_chain(pem: str, public_key: bytes, where: str) -> None:
    """Raises InvalidInputError, naming ``where``, for a chain whose first certificate is not that of a key, DER of its public part."""
    allowed = "PEM: the certificate of the stage's signing key first, then those that issued it"
    try:
        first, *_ = x509.load_pem_x509_certificates(pem.encode())
    except ValueError as error:
        raise InvalidInputError(where, got=str(error), allowed=allowed) from error
    own = first.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if own != public_key:
        raise InvalidInputError(
            where, got=f"a certificate of another key: {first.subject.rfc4514_string()}", allowed=allowed
        )


def make_chain(public_key: bytes, service: str) -> str:
    """A certificate of the key whose public part is ``public_key`` (DER), and the root that issued it, in PEM.

    ``service`` is in both names.
    """
    signing = load_der_public_key(public_key)
    if not isinstance(signing, ec.EllipticCurvePublicKey):
        raise InvalidInputError("signing key", got=type(signing).__name__, allowed="a key on the curve P-256")
    root_key = ec.generate_private_key(ec.SECP256R1())
    root_name, name = _name(f"{service} root"), _name(service)
    root = (
        _certificate(root_name, root_name, root_key.public_key(), root_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(certificates=True), critical=True)
        .sign(root_key, SHA256())
    )
    own = (
        _certificate(name, root_name, signing, root_key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(certificates=False), critical=True)
        # Verifiers older than C2PA 2.1 know the second alone.
        .add_extension(x509.ExtendedKeyUsage([_CLAIMS, ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
        .sign(root_key, SHA256())
    )
    return "".join(each.public_bytes(Encoding.PEM).decode() for each in (own, root))


def _name(common: str) -> x509.Name:
    named = ((NameOID.ORGANIZATION_NAME, "Atelier"), (NameOID.COMMON_NAME, common))
    return x509.Name([x509.NameAttribute(kind, text) for kind, text in named])


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, issuing: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    # A clock may be behind.
    begins = datetime.now(UTC) - timedelta(days=1)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=365 * YEARS))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuing), critical=False)
    )


def _usage(*, certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not certificates,
        key_cert_sign=certificates,
        crl_sign=certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
