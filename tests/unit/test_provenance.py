"""What pictures say of themselves, read with C2PA's own reader and with Pillow."""

import io
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256
from typing import Any

import boto3
import c2pa
import numpy as np
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from moto import mock_aws
from PIL import Image

from atelier_inference.provenance.certificates import check_chain, make_chain
from atelier_inference.provenance.facts import SOURCE_TYPES, Facts
from atelier_inference.provenance.keys import KmsKey, SigningError
from atelier_inference.provenance.loading import certificates
from atelier_inference.provenance.manifest import CONSENT, SETTINGS, manifest, photo_id
from atelier_inference.provenance.signing import C2paSigner
from atelier_inference.provenance.xmp import packet
from atelier_inference.store import Store
from contracts.disclosure import TEXTS
from contracts.errors import InvalidInputError
from contracts.layout import S3Uri
from contracts.modes import MODES
from imaging.pictures import encode
from imaging.told import Told
from imaging.xmp import COMPOSITE, PAINTED
from tests.unit.signing import MemoryKey

PHOTO = sha256(b"a photo").hexdigest()
REPAINTED = Facts(
    source_type=COMPOSITE,
    mode="style",
    model="tiny@1",
    styles=[("skirt@3", 0.8)],
    settings={"seed": 7, "steps": 20, "guidance_scale": 7.5},
    photo=PHOTO,
)
PAINTED_ANEW = Facts(source_type=PAINTED, mode="text_to_image", model="tiny@1", styles=[], settings={"seed": 1})
FORMATS = ("png", "jpeg", "webp")


def picture(side: int = 64) -> Image.Image:
    rng = np.random.default_rng(0)
    return Image.fromarray(rng.integers(0, 256, (side, side, 3), np.uint8))


@pytest.fixture(scope="module")
def key() -> MemoryKey:
    return MemoryKey()


@pytest.fixture(scope="module")
def chain(key: MemoryKey) -> str:
    return make_chain(key.public_key(), "atelier-test")


@pytest.fixture(scope="module")
def signing(key: MemoryKey, chain: str) -> C2paSigner:
    return C2paSigner(key, chain)


def read(data: bytes, file_format: str, chain: str = "") -> tuple[str, Mapping[str, Any]]:
    """What C2PA's reader thinks of a file, who trusts the last of the ``chain``; and its active manifest."""
    settings: dict[str, Any] = {"verify": {"verify_trust": bool(chain)}}
    if chain:
        root = chain[chain.rindex("-----BEGIN") :]
        settings["trust"] = {"trust_anchors": root}
    context = c2pa.Context(c2pa.Settings.from_dict(settings))
    with c2pa.Reader(f"image/{file_format}", io.BytesIO(data), context=context) as reader:
        found = reader.get_active_manifest()
        assert found is not None
        return str(reader.get_validation_state()), found


def assertion(found: Mapping[str, Any], label: str) -> Any:
    (data,) = [each["data"] for each in found["assertions"] if each["label"] == label]
    return data


@pytest.mark.parametrize("file_format", FORMATS)
def test_a_picture_s_manifest_is_trusted_by_whoever_trusts_the_deployment(
    signing: C2paSigner, chain: str, file_format: str
) -> None:
    data = encode(picture(), file_format, Told(xmp=packet(REPAINTED, TEXTS)))
    signed = signing.signed(data, file_format, manifest(REPAINTED))
    assert read(signed, file_format, chain)[0] == "Trusted"
    assert read(signed, file_format)[0] == "Valid"
    # Nothing of the picture is another.
    before, after = (np.asarray(Image.open(io.BytesIO(each))) for each in (data, signed))
    assert np.array_equal(before, after)


@pytest.mark.parametrize("file_format", FORMATS)
def test_a_changed_picture_is_invalid(signing: C2paSigner, file_format: str) -> None:
    signed = bytearray(signing.signed(encode(picture(), file_format), file_format, manifest(REPAINTED)))
    signed[-40] ^= 1
    assert read(bytes(signed), file_format)[0] == "Invalid"


def test_a_repainted_picture_names_its_photo_by_hash_and_what_it_was_painted_with(signing: C2paSigner) -> None:
    _, found = read(signing.signed(encode(picture(), "png"), "png", manifest(REPAINTED)), "png")
    (ingredient,) = found["ingredients"]
    assert (ingredient["relationship"], ingredient["instance_id"]) == ("parentOf", photo_id(PHOTO))
    assert "thumbnail" not in ingredient
    assert "thumbnail" not in found
    opened, edited = assertion(found, "c2pa.actions.v2")["actions"]
    assert (opened["action"], edited["action"], edited["digitalSourceType"]) == (
        "c2pa.opened",
        "c2pa.edited",
        COMPOSITE,
    )
    assert assertion(found, SETTINGS) == {
        "mode": "style",
        "model": "tiny@1",
        "styles": [{"style": "skirt@3", "scale": 0.8}],
        "seed": 7,
        "steps": 20,
        "guidance_scale": 7.5,
    }


def test_a_picture_that_was_painted_whole_was_created(signing: C2paSigner) -> None:
    _, found = read(signing.signed(encode(picture(), "png"), "png", manifest(PAINTED_ANEW)), "png")
    (created,) = assertion(found, "c2pa.actions.v2")["actions"]
    assert (created["action"], created["digitalSourceType"]) == ("c2pa.created", PAINTED)
    assert not found.get("ingredients")


def test_a_reference_to_consent_stands_in_the_manifest_and_nowhere_else(signing: C2paSigner) -> None:
    facts = replace(REPAINTED, consent="shoot-7/release-12")
    _, found = read(signing.signed(encode(picture(), "png"), "png", manifest(facts)), "png")
    assert assertion(found, CONSENT) == {"reference": "shoot-7/release-12"}
    assert "release-12" not in facts.as_text + packet(facts, TEXTS)
    _, without = read(signing.signed(encode(picture(), "png"), "png", manifest(REPAINTED)), "png")
    assert CONSENT not in {each["label"] for each in without["assertions"]}


def test_every_mode_that_paints_says_what_it_makes() -> None:
    assert {*SOURCE_TYPES} == {*MODES} - {"segment"}


@pytest.mark.parametrize("file_format", FORMATS)
def test_the_metadata_of_each_format_says_the_source_type(file_format: str) -> None:
    file = encode(picture(), file_format, Told(xmp=packet(REPAINTED, TEXTS)))
    image = Image.open(io.BytesIO(file))
    image.load()
    description = str(image.getxmp()["xmpmeta"]["RDF"]["Description"])
    assert COMPOSITE in description
    assert "tiny@1 skirt@3" in description


@pytest.mark.parametrize("file_format", FORMATS)
def test_the_metadata_of_each_format_says_in_every_language_of_the_stage_what_people_are_to_be_told(
    file_format: str,
) -> None:
    told = {"ko": "AI가 <만든> 것 & 바꾼 것.", "en": "AI made\x00 it."}
    image = Image.open(io.BytesIO(encode(picture(), file_format, Told(xmp=packet(REPAINTED, told)))))
    image.load()
    description = image.getxmp()["xmpmeta"]["RDF"]["Description"]["description"]
    sentences = {each["lang"]: each["text"] for each in description["Alt"]["li"]}
    assert sentences == {
        "x-default": "AI가 <만든> 것 & 바꾼 것.",
        "ko": "AI가 <만든> 것 & 바꾼 것.",
        "en": "AI made it.",
    }


def test_a_png_says_its_settings_and_no_words_that_nobody_allowed() -> None:
    told = Told(texts={"Software": "Atelier", "Comment": REPAINTED.as_text})
    image = Image.open(io.BytesIO(encode(picture(), "png", told)))
    assert isinstance(image.info, dict)
    assert json.loads(image.info["Comment"])["seed"] == 7
    assert "prompt" not in json.loads(image.info["Comment"])


def test_words_that_are_allowed_are_said_whatever_letters_they_have() -> None:
    facts = replace(REPAINTED, prompt='a "red" <skirt> & 치마\x00\x0b')
    image = Image.open(
        io.BytesIO(encode(picture(), "png", Told(xmp=packet(facts, TEXTS), texts={"Comment": facts.as_text})))
    )
    assert image.getxmp()["xmpmeta"]["RDF"]["Description"]["AIPromptInformation"] == 'a "red" <skirt> & 치마'
    assert json.loads(image.info["Comment"])["prompt"] == facts.prompt


def test_many_threads_sign_with_one_signer(signing: C2paSigner, chain: str) -> None:
    data = encode(picture(), "png")
    with ThreadPoolExecutor(8) as pool:
        signed = list(pool.map(lambda _: signing.signed(data, "png", manifest(REPAINTED)), range(64)))
    assert {read(each, "png", chain)[0] for each in signed} == {"Trusted"}


def test_what_the_key_says_is_told_where_it_does_not_sign(chain: str, key: MemoryKey) -> None:
    broken = MemoryKey(broken=True)
    signing = C2paSigner(broken, make_chain(broken.public_key(), "atelier-test"))
    with pytest.raises(SigningError, match="it sleeps"):
        signing.signed(encode(picture(), "png"), "png", manifest(REPAINTED))
    broken.broken = False
    assert signing.signed(encode(picture(), "png"), "png", manifest(REPAINTED))


def test_the_chain_is_of_the_key_and_of_nobody_who_could_issue_more(key: MemoryKey, chain: str) -> None:
    own, root = x509.load_pem_x509_certificates(chain.encode())
    own.verify_directly_issued_by(root)
    check_chain(chain, key.public_key(), "chain")
    assert root.public_key() != own.public_key()
    assert not own.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    with pytest.raises(InvalidInputError, match="a certificate of another key"):
        check_chain(chain, MemoryKey().public_key(), "chain")
    with pytest.raises(InvalidInputError, match="PEM"):
        check_chain("nonsense", key.public_key(), "chain")


@mock_aws
def test_kms_signs_as_the_reader_checks() -> None:
    kms = boto3.client("kms")
    arn = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]
    key = KmsKey(arn)
    signature = key.sign(b"a claim")
    public = load_der_public_key(key.public_key())
    assert isinstance(public, ec.EllipticCurvePublicKey)
    halves = [int.from_bytes(signature[start : start + 32]) for start in (0, 32)]
    # moto hashes what it is told is a hash once more; KMS and the local cloud do not.
    public.verify(encode_dss_signature(*halves), sha256(b"a claim").digest(), ec.ECDSA(SHA256()))
    with pytest.raises(SigningError, match="did not sign"):
        KmsKey("alias/nobody").sign(b"a claim")


@mock_aws
def test_servers_that_start_together_use_the_certificates_of_the_first() -> None:
    boto3.client("s3", "us-east-1").create_bucket(Bucket="model")
    prefix = S3Uri(bucket="model", key="certificates/")
    store, key, uri = Store([prefix]), MemoryKey(), prefix.child("k.pem")
    first = certificates(key, store, uri, "atelier-test")
    assert certificates(key, store, uri, "atelier-test") == first
    store.write_new(uri, b"later", kind="application/x-pem-file")
    assert certificates(key, store, uri, "atelier-test") == first
    with pytest.raises(InvalidInputError, match="a certificate of another key"):
        certificates(MemoryKey(), store, uri, "atelier-test")
