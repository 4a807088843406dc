"""Pictures as a phone leaves them: large JPEG files, stored lying on their side, with a note which way is up."""

from pathlib import Path

from PIL import Image

SAMPLE = Path(__file__).resolve().parents[2] / "models" / "tiny" / "sample"
_SIDE = 1_024
_FIRST = 2_041
_ORIENTATION, _MAKER = 0x0112, 0x010F
"""EXIF's numbers of what they say."""
_LIES = 6
"""EXIF's number of a picture whose top is at its right."""


def lay_out(folder: Path) -> None:
    """Write ``photos/`` with twelve pictures of a garment, and ``photo.jpg``, which shows another person."""
    (folder / "photos").mkdir()
    for number, drawn in enumerate(sorted((SAMPLE / "dataset").glob("skirt-*.png"))):
        _take(drawn, folder / "photos" / f"IMG_{_FIRST + number}.JPG")
    _take(SAMPLE / "photos" / "street-02.png", folder / "photo.jpg")


def _take(drawn: Path, file: Path) -> None:
    with Image.open(drawn) as opened:
        picture = opened.convert("RGB")
    scale = _SIDE / max(picture.size)
    large = picture.resize((round(picture.width * scale), round(picture.height * scale)), Image.Resampling.LANCZOS)
    exif = Image.Exif()
    exif[_ORIENTATION], exif[_MAKER] = _LIES, "Phone"
    large.rotate(90, expand=True).save(file, "JPEG", quality=88, exif=exif)
