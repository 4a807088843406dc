"""XMP packets that say of a picture that a model made it: IPTC's photo metadata, and words for whoever sees it.

https://iptc.org/std/photometadata/specification/IPTC-PhotoMetadata (2025.1: AI System Used, AI Prompt Information)
"""

from collections.abc import Iterator, Mapping
from xml.sax.saxutils import escape, quoteattr

SOFTWARE = "Atelier"
PAINTED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
"""All of the picture was painted by a model."""
COMPOSITE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
"""Some of the picture was painted by a model, the rest is a photo's. https://cv.iptc.org/newscodes/digitalsourcetype/"""

_PACKET = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/"'
    ' xmlns:dc="http://purl.org/dc/elements/1.1/"'
    ' xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"{attributes}>'
    "<dc:description><rdf:Alt>{sentences}</rdf:Alt></dc:description>"
    '</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="r"?>'
)


def packet_of(source_type: str, system: str, description: Mapping[str, str], *, prompt: str = "") -> str:
    """The packet of a picture of a digital source type that ``system``, a model's name, made; nothing can be added to it in place.

    ``description`` has sentences by language, the first for whoever reads another; ``prompt`` stands in it unless it is empty.
    """
    said = {
        "xmp:CreatorTool": SOFTWARE,
        "Iptc4xmpExt:DigitalSourceType": source_type,
        "Iptc4xmpExt:AISystemUsed": system,
    }
    if prompt:
        said["Iptc4xmpExt:AIPromptInformation"] = "".join(filter(_in_xml, prompt))
    attributes = "".join(f" {name}={quoteattr(value)}" for name, value in said.items())
    return _PACKET.format(attributes=attributes, sentences="".join(_sentences(description)))


def _sentences(description: Mapping[str, str]) -> Iterator[str]:
    """A language alternative of XMP: what is read where no language fits comes first (XMP specification, part 1, 8.2.2.4)."""
    first = next(iter(description.values()))
    for language, sentence in (("x-default", first), *description.items()):
        yield f"<rdf:li xml:lang={quoteattr(language)}>{escape(''.join(filter(_in_xml, sentence)))}</rdf:li>"


def _in_xml(letter: str) -> bool:
    """Whether XML 1.0 has the letter: no control characters but white space, no halves of surrogate pairs."""
    return letter in "\t\n\r" or " " <= letter < "\ud800" or "\ue000" <= letter < "\ufffe" or letter > "\uffff"
