"""Makes ready what pictures are signed with."""

import logging

from atelier_inference.provenance.certificates import check_chain, make_chain
from atelier_inference.provenance.keys import ClaimKey, KmsKey
from atelier_inference.provenance.signing import C2paSigner, PictureWriter
from atelier_inference.settings import Settings
from atelier_inference.store import Store
from contracts.layout import S3Uri

LONGEST_CHAIN = 64 * 1024
"""Bytes."""

log = logging.getLogger(__name__)


def load_provenance(settings: Settings, store: Store) -> PictureWriter:
    """What the settings say. Raises InvalidInputError for certificates that are not the key's, and what KMS and S3 say."""
    if not settings.signing_key or settings.certificates is None:
        log.info("pictures are not signed: no key is named")
        return PictureWriter(prompt=settings.prompt_in_pictures, disclosure=settings.disclosure)
    key = KmsKey(settings.signing_key)
    name = settings.certificates.child(f"{settings.signing_key.rpartition('/')[2]}.pem")
    chain = certificates(key, store, name, settings.service or "atelier")
    signer = C2paSigner(key, chain)
    return PictureWriter(signer, prompt=settings.prompt_in_pictures, disclosure=settings.disclosure)


def certificates(key: ClaimKey, store: Store, uri: S3Uri, service: str) -> str:
    """The key's chain, in PEM, as it lies at ``uri``; made and put there where there is none. Raises InvalidInputError."""
    public_key = key.public_key()
    if (found := store.find(uri, limit=LONGEST_CHAIN)) is None:
        store.write_new(uri, make_chain(public_key, service).encode(), kind="application/x-pem-file")
        # Another server may have been first: what is there is what all use.
        found = store.read(uri, where="certificates", limit=LONGEST_CHAIN)
    chain = found.decode("ascii", "replace")
    check_chain(chain, public_key, str(uri))
    return chain
