"""``make bench-page``: how long people wait for the page of a local stage, by desktop and by phone, in a headless Chromium.

Each visit is somebody new's, whose browser keeps nothing. ``usable_ms`` is from opening the address until there is something to choose,
``mask_ms`` from dropping a photo until its garment's mask is shown (words were chosen before), ``picture_ms`` from the button until the
restyled picture is shown; what the model took of the last two is beside them. ``largest_paint_ms``, ``layout_shift`` and
``blocked_ms`` (long tasks beyond 50 ms) are what PerformanceObserver sees until nothing is loaded any more, ``requests`` and ``bytes`` what
was loaded: the local cloud does not compress, CloudFront does, and ``gzipped`` is the page's weight by language as it would. ``slow`` is
Lighthouse's phone. Medians of ``--visits``. Ends with one JSON line; exits with 1 where the page weighs more than 120 KB in a language.
"""

import argparse
import json
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.page.visit import SIZES, opened, restyled
from bench.page.weight import weights
from bench.stage import local_stage
from tests.browser.chromium import find_chromium, started

MOST_BYTES = 120 * 1024
ROOT = Path(__file__).resolve().parents[2]
PHOTOS = ROOT / "models" / "tiny" / "sample" / "photos"


def main() -> None:
    """Run, print the line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--visits", type=int, default=5)
    parser.add_argument("--out", type=Path, default=Path("out/bench-page"))
    arguments = parser.parse_args()
    program = find_chromium()
    if program is None:
        sys.exit("Chromium: got none on this machine; allowed: Debian's package chromium, or Google Chrome")
    gzipped = weights(ROOT / "web")
    with local_stage(arguments.out) as deployment, started(program) as browser:
        page, photos = deployment.page, sorted(PHOTOS.glob("*.png"))
        restyled(browser, page, "desktop", photos[0])  # wakes functions and models
        found: dict[str, object] = {}
        for size in SIZES:
            opening = [opened(browser, page, size, slow=False) for _ in range(arguments.visits)]
            working = [restyled(browser, page, size, photos[n % len(photos)]) for n in range(arguments.visits)]
            found[size] = {**medians(opening), **medians(working)}
        found["slow"] = medians([opened(browser, page, "phone", slow=True) for _ in range(arguments.visits)])
    print(json.dumps({"visits": arguments.visits, **found, "gzipped": gzipped}))
    sys.exit(1 if max(gzipped.values()) > MOST_BYTES else 0)


def medians(visits: Sequence[dict[str, float]]) -> dict[str, float]:
    """Of each measure the median: milliseconds and bytes whole, shifts to three digits."""
    return {
        name: round(statistics.median(visit[name] for visit in visits), 3 if name == "layout_shift" else None)
        for name in visits[0]
    }


if __name__ == "__main__":
    main()
