"""HTML pages that need no other file: templates with every text escaped, pictures embedded."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from PIL import Image

from contracts.metrics import Metric, MetricSpread
from imaging.framing import scaled
from imaging.pictures import encode

LEAST_SIDE, MOST_SIDE = 224, 640
"""Embedded pictures have their larger side in this range of pixels: tiny ones are enlarged, photos made smaller."""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A picture, its caption and its alternative text."""

    picture: Image.Image
    caption: str
    alt: str


@dataclass(frozen=True, kw_only=True)
class Row:
    """Pictures that belong together."""

    title: str
    figures: Sequence[Figure]


@dataclass(frozen=True, kw_only=True)
class Results:
    """Metrics beside their thresholds: ``gate`` maps metrics to thresholds; it and ``spread`` may be empty."""

    metrics: Mapping[str, float]
    gate: Mapping[str, float]
    known: Mapping[str, Metric]
    spread: Mapping[str, MetricSpread] = field(default_factory=dict)

    @property
    def failures(self) -> list[str]:
        """The metrics that miss their threshold, or are not there to meet it."""
        measured = self.metrics
        return [
            name
            for name, threshold in self.gate.items()
            if name not in measured or not self.known[name].meets(measured[name], threshold)
        ]


def render(template: str, **context: object) -> str:
    """A page of the template of this name."""
    return _TEMPLATES.get_template(template).render(**context)


def fitted(image: Image.Image) -> Image.Image:
    """An image at a size that a person can judge and a page can carry."""
    longest = max(image.size)
    scale = min(max(longest, LEAST_SIDE), MOST_SIDE) / longest
    return image if scale == 1 else image.resize(scaled(image.size, scale), Image.Resampling.LANCZOS)


def embedded(image: Image.Image) -> str:
    """An image inside the page: JPEG, so that a report of a dozen photos can still be sent by mail."""
    return f"data:image/jpeg;base64,{base64.b64encode(encode(image.convert('RGB'), 'jpeg')).decode()}"


_TEMPLATES = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined)
_TEMPLATES.filters.update(fitted=fitted, embedded=embedded)
