"""How large a picture may be, which formats it may have, and which files move, wherever they are read."""

MOST_PIXELS = 64_000_000
LONGEST_SIDE = 16_383
"""Pixels; the longest side that WebP can hold."""
HEIC_SEQUENCES = (b"msf1", b"hevc", b"hevx", b"hevm", b"hevs")
"""Brands of HEIF files that move (ISO/IEC 23008-12); a still of several pictures, such as a burst, has one that counts."""
UPSCALING = 4
"""Times as wide and high as an upscaled picture becomes."""
LONGEST_TO_UPSCALE = LONGEST_SIDE // UPSCALING
"""Pixels of the longest side of a picture before it is upscaled."""

PNG = b"\x89PNG\r\n\x1a\n"
JPEG = b"\xff\xd8\xff"
START = 64
"""Bytes that tell a format."""

_HEIC = {b"heic", b"heix", b"heim", b"heis", *HEIC_SEQUENCES[1:]}
_AVIF = {b"avif", b"avis"}
_CONTAINER = {b"mif1", b"msf1"}
"""Brands of files that hold pictures in any coding: their list of compatible brands says in which."""
_OTHERS = {
    b"GIF8": "a GIF", b"BM": "a BMP", b"II*\0": "a TIFF or camera raw", b"MM\0*": "a TIFF or camera raw",
    b"\xff\x0a": "a JPEG XL", b"\0\0\0\x0cJXL ": "a JPEG XL", b"\0\0\0\x0cjP  ": "a JPEG 2000", b"\xff\x4f\xff\x51": "a JPEG 2000",
    b"8BPS": "a Photoshop", b"%PDF": "a PDF", b"<svg": "an SVG",
}  # fmt: skip
"""Formats that people try, by how their files start."""


def format_of(start: bytes) -> str | None:
    """``png``, ``jpeg``, ``webp``, ``heic`` or None, from a file's first 64 bytes."""
    if start.startswith(PNG):
        return "png"
    if start.startswith(JPEG):
        return "jpeg"
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "webp"
    return "heic" if _is_heic(_brands(start)) else None


def other_format(start: bytes) -> str:
    """What a file of none of the accepted formats is, from its first 64 bytes: ``an AVIF file``. Empty where nobody knows."""
    if format_of(start):
        return ""
    # AVIF has HEIC's container. Phones and cameras write the other four, and each decoder is one more that reads strangers' files.
    if _AVIF & _brands(start):
        return "an AVIF file"
    return next((f"{name} file" for magic, name in _OTHERS.items() if start.startswith(magic)), "")


def _brands(start: bytes) -> set[bytes]:
    """The brands that a box of ISO/IEC 14496-12's file type (size, ``ftyp``, brand, version, compatible brands) names; else none."""
    if start[4:8] != b"ftyp":
        return set()
    end = min(len(start), int.from_bytes(start[:4]))
    return {start[8:12], *(start[at : at + 4] for at in range(16, end, 4))}


def _is_heic(brands: set[bytes]) -> bool:
    """Whether a file with these brands is of HEIF's coding HEVC."""
    return bool(brands & _HEIC) or (bool(brands & _CONTAINER) and not brands & _AVIF)
