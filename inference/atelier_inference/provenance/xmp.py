"""The XMP packet of a picture.

Whoever gets the file alone, as what an asynchronous endpoint leaves in S3, finds the disclosure in it: it is the picture's description.
"""

from atelier_inference.provenance.facts import Facts
from contracts.disclosure import Texts
from imaging.xmp import packet_of


def packet(facts: Facts, disclosure: Texts) -> str:
    """The packet, with the sentence of each language."""
    system = " ".join((facts.model, *(name for name, _ in facts.styles)))
    return packet_of(facts.source_type, system, disclosure, prompt=facts.prompt)
