"""Draws what trainings came to: a chart a tip in each language, and for some tips what the trained models paint."""

from collections.abc import Mapping, Sequence

from PIL import Image

from lessons.figures.all_figures import PICTURES, save_cards
from lessons.figures.card import Band, Panel
from lessons.trainings.chart import draw_chart
from lessons.trainings.measure import strip_path
from lessons.trainings.results import TrainingResults
from lessons.trainings.tips import LANGUAGES, TIPS

PAINTED: Mapping[str, Sequence[tuple[str, str]]] = {
    "painted-prior": (("as it is", "without"), ("prior preserved", "prior preserved")),
    "painted-masks": (("as it is", "the garment's masks"), ("random masks", "random masks")),
    "painted-learning-rate": (
        ("learning rate 0.0004", "0.0004: too little is learnt"),
        ("as it is", "0.004"),
        ("learning rate 0.04", "0.04: all is forgotten"),
    ),
    "painted-steps": (("15 steps", "15 steps"), ("as it is", "60 steps"), ("160 steps", "160 steps")),
}
"""By the name of the file, the ways to train whose strips are shown under each other, and what is said beneath each."""
COLUMNS = "three photos as “sks skirt” · the first as “a red skirt”"


def draw_tips() -> None:
    """Write every chart and card. Raises ValueError where a training was not measured."""
    results = TrainingResults()
    for name, tip in TIPS.items():
        found = {way: results.spread(way) for way in tip.ways}
        for language in LANGUAGES:
            path = PICTURES / f"tip-{name}{'' if language == 'en' else f'.{language}'}.svg"
            path.write_text(draw_chart(tip, found, language), encoding="utf-8")
    for name, ways in PAINTED.items():
        panels = [Panel(picture=Image.open(strip_path(way)), words=[words]) for way, words in ways]
        save_cards(name, [Band(title=COLUMNS, panels=panels, columns=1)])
