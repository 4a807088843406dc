"""The C2PA manifest of a picture as data: what was done, with what, to which photo.

https://spec.c2pa.org/specifications/specifications/2.2/specs/C2PA_Specification.html
"""

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

from atelier_inference.provenance.facts import Facts
from imaging.xmp import SOFTWARE

SETTINGS = "atelier.settings"
CONSENT = "atelier.consent"
"""The labels of our own assertions."""
_PHOTO = "photo"


def manifest(facts: Facts) -> Mapping[str, Any]:
    """The definition that c2pa's builder takes. Of the photo it has the hash alone: no thumbnail, no name."""
    agent = {"name": SOFTWARE}
    if facts.photo:
        opened = {"action": "c2pa.opened", "parameters": {"ingredientIds": [_PHOTO]}}
        edited = {"action": "c2pa.edited", "softwareAgent": agent, "digitalSourceType": facts.source_type}
        actions = [opened, edited]
    else:
        actions = [{"action": "c2pa.created", "softwareAgent": agent, "digitalSourceType": facts.source_type}]
    consent = [{"label": CONSENT, "data": {"reference": facts.consent}}] if facts.consent else []
    return {
        "claim_generator_info": [agent],
        "ingredients": [_ingredient(facts.photo)] if facts.photo else [],
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": actions, "allActionsIncluded": True}},
            {"label": SETTINGS, "data": facts.as_data},
            *consent,
        ],
    }


def photo_id(digest: str) -> str:
    """A file's SHA-256, in hexadecimal digits, as a named information URI (RFC 6920)."""
    return f"ni:///sha-256;{urlsafe_b64encode(bytes.fromhex(digest)).rstrip(b'=').decode()}"


def _ingredient(digest: str) -> dict[str, str]:
    return {
        "label": _PHOTO,
        "title": _PHOTO,
        "relationship": "parentOf",
        "instance_id": photo_id(digest),
        "description": f"SHA-256 of the file that was repainted: {digest}",
    }
