"""One visit of the page, measured in the browser: opening it, a photo that is dropped, and its garment restyled."""

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, Response

SIZES: Mapping[str, tuple[int, int]] = {"desktop": (1280, 800), "phone": (360, 740)}
"""CSS pixels, wide and high."""

_WATCH = (Path(__file__).parent / "watch.js").read_text(encoding="utf-8")
_SLOW = {"offline": False, "latency": 150, "downloadThroughput": 204_800, "uploadThroughput": 93_750}
_SLOWER_PROCESSOR = 4
"""Lighthouse's phone: 150 ms a round trip, 1.6 Mbit/s down, 0.75 up, a processor of a quarter.

https://github.com/GoogleChrome/lighthouse/blob/main/docs/throttling.md
"""

_USABLE = ".start-samples button"
_DROP = """async (photo) => {
  const bytes = Uint8Array.from(atob(photo), (letter) => letter.charCodeAt(0));
  const dropped = new DataTransfer();
  dropped.items.add(new File([bytes], "photo.png", { type: "image/png" }));
  const drop = new DragEvent("drop", { dataTransfer: dropped, bubbles: true, cancelable: true });
  return until(() => document.querySelector("main").dispatchEvent(drop), () => document.querySelector(".found b"));
}"""
_RESTYLE = """() => until(
  () => document.querySelector("button.primary.wide").click(),
  () => document.querySelector(".compare img")?.complete && document.querySelector(".compare img").naturalWidth,
)"""


def opened(browser: Browser, address: str, size: str, *, slow: bool) -> dict[str, float]:
    """What it takes to open the page for the first time; ``slow``: with a phone's connection and processor."""
    with browser.new_context(**_context(size)) as context:
        page = context.new_page()
        page.add_init_script(_WATCH)
        wire = context.new_cdp_session(page)
        taken = _Taken(wire)
        if slow:
            wire.send("Network.emulateNetworkConditions", _SLOW)
            wire.send("Emulation.setCPUThrottlingRate", {"rate": _SLOWER_PROCESSOR})
        page.goto(address)
        page.wait_for_selector(_USABLE)
        page.wait_for_load_state("networkidle")
        seen = page.evaluate("() => seen")
    return {
        "usable_ms": seen["usable"],
        "largest_paint_ms": seen["paint"],
        "layout_shift": seen["shift"],
        "blocked_ms": seen["blocked"],
        "requests": taken.requests,
        "bytes": taken.bytes,
    }


def restyled(browser: Browser, address: str, size: str, photo: Path) -> dict[str, float]:
    """From a dropped photo to its mask, and from the button to the picture: milliseconds, and what of them is the model's."""
    with browser.new_context(**_context(size)) as context:
        page = context.new_page()
        page.add_init_script(_WATCH)
        model = dict[str, float]()
        page.on("response", lambda response: _note(response, model))
        page.goto(f"{address}#/restyle?words=a+skirt&prompt=a+red+skirt")
        page.wait_for_selector(_USABLE)
        found = page.evaluate(_DROP, base64.b64encode(photo.read_bytes()).decode("ascii"))
        painted = page.evaluate(_RESTYLE)
        return {
            "mask_ms": found,
            "mask_model_ms": _of_the_model(page, model, "segment"),
            "picture_ms": painted,
            "picture_model_ms": _of_the_model(page, model, "style"),
        }


class _Taken:
    """Requests and bytes on the wire, headers included."""

    def __init__(self, wire: CDPSession) -> None:
        self.requests, self.bytes = 0, 0
        wire.send("Network.enable")
        wire.on("Network.loadingFinished", self._heard)

    def _heard(self, event: Mapping[str, Any]) -> None:
        self.requests += 1
        self.bytes += int(event["encodedDataLength"])


def _context(size: str) -> dict[str, Any]:
    width, height = SIZES[size]
    return {"viewport": {"width": width, "height": height}, "has_touch": size == "phone", "locale": "en-US"}


def _note(response: Response, model: dict[str, float]) -> None:
    """Keep how long the model took, by mode, of each prediction that is answered with its end."""
    if "/v1/predictions" not in response.url:
        return
    told = json.loads(response.text() or "null")
    if isinstance(told, dict) and told.get("status") == "succeeded":
        model[told["input"]["mode"]] = 1_000 * told["metrics"]["predict_time"]


def _of_the_model(page: Page, model: Mapping[str, float], mode: str) -> float:
    """Responses are read while the browser is listened to."""
    for _ in range(50):
        if mode in model:
            return model[mode]
        page.wait_for_timeout(20)
    raise RuntimeError(f"prediction: got none of mode {mode} that succeeded; allowed: one")
