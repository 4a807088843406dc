"""The XMP packet of a picture: what IPTC's photo metadata standard has for pictures that were made with models.

https://iptc.org/std/photometadata/specification/IPTC-PhotoMetadata (2025.1: AI System Used, AI Prompt Information)

Whoever gets the file alone, as what an asynchronous endpoint leaves in S3, finds the disclosure in it: it is the picture's description.
"""

from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from atelier_inference.provenance.facts import SOFTWARE, Facts
from contracts.disclosure import Texts

_PACKET = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/"'
    ' xmlns:dc="http://purl.org/dc/elements/1.1/"'
    ' xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"{attributes}>'
    "<dc:description><rdf:Alt>{sentences}</rdf:Alt></dc:description>"
    '</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="r"?>'
)


def packet(facts: Facts, disclosure: Texts) -> str:
    """The packet, with the sentence of each language; nothing can be added to it in place."""
    said = {
        "xmp:CreatorTool": SOFTWARE,
        "Iptc4xmpExt:DigitalSourceType": facts.source_type,
        "Iptc4xmpExt:AISystemUsed": " ".join((facts.model, *(name for name, _ in facts.styles))),
    }
    if facts.prompt:
        said["Iptc4xmpExt:AIPromptInformation"] = "".join(filter(_in_xml, facts.prompt))
    attributes = "".join(f" {name}={quoteattr(value)}" for name, value in said.items())
    return _PACKET.format(attributes=attributes, sentences="".join(_sentences(disclosure)))


def _sentences(disclosure: Texts) -> Iterator[str]:
    """A language alternative of XMP: what is read where no language fits comes first (XMP specification, part 1, 8.2.2.4)."""
    first = next(iter(disclosure.values()))
    for language, sentence in (("x-default", first), *disclosure.items()):
        yield f"<rdf:li xml:lang={quoteattr(language)}>{escape(''.join(filter(_in_xml, sentence)))}</rdf:li>"


def _in_xml(letter: str) -> bool:
    """Whether XML 1.0 has the letter: no control characters but white space, no halves of surrogate pairs."""
    return letter in "\t\n\r" or " " <= letter < "\ud800" or "\ue000" <= letter < "\ufffe" or letter > "\uffff"
