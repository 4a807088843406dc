"""What looks saw of a style while it was learnt, as its training left it beside the weights."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from PIL import Image

from contracts.artifact import VALIDATION_LOG, VALIDATION_STRIP
from imaging.pictures import decode


@dataclass(frozen=True, kw_only=True)
class WatchedTraining:
    """``looks`` by step, each with its loss, garment_share and whether it is the best; ``strip`` is what they painted, RGB."""

    looks: Sequence[Mapping[str, Any]] = ()
    strip: Image.Image | None = None

    @classmethod
    def read(cls, artifact: Path) -> Self:
        """Of an artifact's folder; nothing where nobody looked, or nothing was painted."""
        log, strip = artifact / VALIDATION_LOG, artifact / VALIDATION_STRIP
        if not log.is_file():
            return cls()
        looks = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
        return cls(looks=looks, strip=decode(strip.read_bytes(), name=strip.name) if strip.is_file() else None)
