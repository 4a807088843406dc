"""``make bench-memory``: how much memory one of the largest pictures takes, in each form and on its whole way.

Prints one JSON line: MiB above what the libraries take, by what was done. A process for each, because memory that was freed may stay a
process's own.
"""

import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from PIL import Image
from pillow_heif import register_heif_opener

from bench import memory_dialects

register_heif_opener(thumbnails=False)

SIDE = 8_000
"""Pixels a side: the largest square."""
COLOURS: dict[str, Any] = {
    "L": 100,
    "RGB": (200, 100, 50),
    "RGBA": (200, 100, 50, 100),
    "I;16": 30_000,
    "CMYK": (10, 90, 200, 50),
}
TURNED = Image.Exif()
TURNED[0x0112] = 6
FORMS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "png": ("PNG", "RGB", {}), "png_rgba": ("PNG", "RGBA", {}), "png_16": ("PNG", "I;16", {}),
    "png_turned": ("PNG", "RGBA", {"exif": TURNED}),
    "jpeg": ("JPEG", "RGB", {}), "jpeg_cmyk": ("JPEG", "CMYK", {}),
    "jpeg_progressive": ("JPEG", "RGB", {"progressive": True, "subsampling": 0}),
    "webp": ("WEBP", "RGB", {}), "webp_rgba": ("WEBP", "RGBA", {}),
    "webp_lossless": ("WEBP", "RGBA", {"lossless": True, "quality": 0, "method": 0}),
    "heic": ("HEIF", "RGB", {}), "heic_rgba": ("HEIF", "RGBA", {}),
    # Noise is what an answer's files are largest of.
    "noise": ("JPEG", "noise", {"quality": 30}), "noise_rgba": ("WEBP", "noise", {"quality": 0, "method": 0, "alpha_quality": 0}),
}  # fmt: skip


def picture(form: str, size: tuple[int, int]) -> bytes:
    """A file of one colour, or of noise."""
    kind, mode, options = FORMS[form]
    return saved(_noise(size, kind) if mode == "noise" else Image.new(mode, size, COLOURS[mode]), kind, **options)


def _noise(size: tuple[int, int], kind: str) -> Image.Image:
    grey = Image.effect_noise(size, 120)
    return Image.merge("RGB", [grey] * 3) if kind == "JPEG" else Image.merge("RGBA", [grey] * 4)


def hard_mask(size: tuple[int, int]) -> bytes:
    """A file of a mask that repaints nearly everything."""
    image = Image.new("L", size)
    image.paste(255, (size[0] // 40, size[1] // 40, size[0] - size[0] // 40, size[1] - size[1] // 40))
    return saved(image, "PNG")


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    """An image as a file."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def repainted(photo: bytes, mask: bytes, output_format: str, outputs: int) -> None:
    """What mode inpaint does with a photo beside its model; the answer's files are kept, as they are until it is sent."""
    from imaging.masks import grow_image
    from imaging.pictures import decode_mask, encode, read_picture
    from imaging.repaint import Repainting, frame, paste

    grown = [grow_image(decode_mask(mask, name="mask"), 20)]
    decoded = read_picture(photo, name="photo")
    framed = frame(Repainting(picture=decoded.image, mask=grown.pop(), prompt="p", seeds=[0]), 512)
    painted, files = Image.new("RGB", (512, 512), "red"), []
    for number in range(outputs):
        result = paste(framed, painted, in_place=number == outputs - 1)
        files.append(
            encode(
                decoded.cutout.restored(result) if decoded.cutout and output_format != "jpeg" else result, output_format
            )
        )
        del result


def outlined(photo: bytes) -> None:
    """What mode segment does beside its model, and Segment with each picture of a dataset."""
    from imaging.masks import from_image, grow, to_image
    from imaging.pictures import encode, read_picture

    image = read_picture(photo, name="photo").image
    outline = Image.new("L", (1_024, 1_024))
    outline.paste(255, (100, 100, 900, 900))
    encode(to_image(grow(from_image(outline.resize(image.size, Image.Resampling.BILINEAR)), 200)), "png")


def memory(name: str) -> int:
    """KiB of this process by their name in Linux's status file."""
    (line,) = [each for each in Path("/proc/self/status").read_text().splitlines() if each.startswith(name)]
    return int(line.split()[1])


def peak(work: Callable[[], None]) -> float:
    """MiB that this process takes for a piece of work above what it has."""
    import scipy.ndimage  # noqa: F401 what the work imports is not the picture's

    from atelier_inference import dialects  # noqa: F401
    from imaging import pictures, repaint  # noqa: F401

    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before = memory("VmRSS")
    work()
    return (memory("VmHWM") - before) / 1024


def works() -> list[str]:
    """What is measured: ``repaint 2 png as jpeg``, ``segment webp``."""
    # The server makes no WebP of so large a picture with transparency.
    clear = {form for form, (_, mode, _) in FORMS.items() if mode == "RGBA" or form == "noise_rgba"}
    repaints = [f"repaint 1 {form} as {output}" for form in FORMS for output in ("png", "jpeg", "webp")]
    repaints = [name for name in repaints if name.split()[2] not in clear or not name.endswith("webp")]
    return [*repaints, *(f"segment {form}" for form in FORMS), *memory_dialects.WORKS]


def run(name: str, folder: Path) -> None:
    """Do one of the works, with the files in ``folder``."""
    if name in memory_dialects.WORKS:
        memory_dialects.work(name, folder)
        return
    photo = (folder / "photo").read_bytes()
    if name.startswith("segment"):
        outlined(photo)
    else:
        _, outputs, _, _, output_format = name.split()
        repainted(photo, (folder / "mask").read_bytes(), output_format, int(outputs))


def measured(name: str, side: int) -> float:
    """``peak`` of one of the works, in a process of its own, with a picture of ``side`` pixels a side."""
    with TemporaryDirectory() as folder:
        _lay(name, side, Path(folder))
        command = [sys.executable, "-m", "bench.memory", name, folder]
        return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def _lay(name: str, side: int, folder: Path) -> None:
    """Write what the work begins with."""
    mask = hard_mask((side, side))
    if name in memory_dialects.WORKS:
        # Lossless WebP is what takes most beside its own size.
        photo = picture("webp_lossless" if name.startswith("styling-blog") else "noise", (side, side))
        (folder / "body").write_bytes(memory_dialects.body_of(name, photo, mask))
        (folder / "photo").write_bytes(memory_dialects.picture_of(name, photo))
        return
    (folder / "photo").write_bytes(picture(next(word for word in name.split() if word in FORMS), (side, side)))
    (folder / "mask").write_bytes(mask)


def main(arguments: list[str]) -> None:
    """Measure everything; or one thing in this process, with files that are there."""
    if arguments:
        name, folder = arguments
        print(peak(lambda: run(name, Path(folder))))
        return
    print(json.dumps({name: round(measured(name, SIDE)) for name in works()}))


if __name__ == "__main__":
    main(sys.argv[1:])
