"""How fast a stage's machines paint: what a request may ask for depends on the slowest of them."""

from collections.abc import Iterable

from contracts.machine_sizes import TERAFLOPS
from contracts.machines import family
from contracts.work import Pace
from infra.settings.validation import check
from models.catalogue import CatalogueEntry

_MEGAFLOP = {"sd1": 6.3, "sd2": 6.3, "sdxl": 12.4}
"""Operations (1e6) of a guided step for a pixel of 512 x 512, by family of base models: counted with PyTorch's counter, as the next."""

_TILE_MEGAFLOP = 70
"""Of an unguided step of the x4 upscaler for a pixel of its tile."""


def pace(
    types: Iterable[str],
    painters: Iterable[CatalogueEntry],
    upscaler: CatalogueEntry | None,
    measured: tuple[int, int] | None,
    *,
    real_time: bool = False,
) -> Pace:
    """The pace of the slowest of these instance types with the most demanding of these base models.

    ``measured`` are the pixels, and pixels of tiles, that a machine denoises in a second, where they are known. Raises ValueError for
    types of which nothing is known.
    """
    entries = list(painters)
    pixels, tile_pixels = measured or _estimated(types, entries)
    own = [each.sampling for each in entries]
    fast = [each.fast_sampling for each in entries if each.fast_sampling]
    return Pace(
        pixels=pixels,
        tile_pixels=tile_pixels,
        resolution=max(entry.resolution for entry in entries),
        steps=max(each.steps for each in own),
        guidance_until=max(each.guidance_until for each in own),
        fast_steps=max((each.steps for each in fast), default=0),
        fast_guidance_until=max((each.guidance_until for each in fast), default=1.0),
        tile=upscaler.resolution if upscaler else 0,
        tile_steps=upscaler.sampling.steps if upscaler else 0,
        real_time=real_time,
    )


def _estimated(types: Iterable[str], painters: Iterable[CatalogueEntry]) -> tuple[int, int]:
    families = [family(name) for name in types]
    for name in families:
        check(
            name in TERAFLOPS,
            "serving.pace",
            got=None,
            allowed=f"what was measured on {name}, or its line in contracts/machine_sizes.py",
        )
    flops = min(TERAFLOPS[name] for name in families) * 1e6
    return int(flops / max(_MEGAFLOP[entry.family] for entry in painters)), int(flops / _TILE_MEGAFLOP)
