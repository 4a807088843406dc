"""``report.html``: what was made, how good it is, and by which settings, in one file that needs no other."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template

import numpy as np
from PIL import Image

from atelier_training.evaluate.markup import Cell, data_uri, figure, table, text_rows
from atelier_training.evaluate.measure import Measured
from atelier_training.evaluate.restyle import Restyled
from atelier_training.finetune.dataset import Example
from contracts.artifact import BaseManifest, StyleManifest
from contracts.metrics import METRICS, Metric
from imaging.masks import to_image

TEMPLATE = Path(__file__).with_name("report.html")
STYLE = Path(__file__).with_name("report.css").read_text(encoding="utf-8")
"""How every report looks."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """All that a report shows. ``gate`` maps metrics to thresholds and may be empty."""

    style: StyleManifest
    base: BaseManifest
    prompt: str
    restyled: Sequence[Restyled]
    examples: Sequence[Example]
    measured: Measured
    gate: Mapping[str, float]
    notes: Sequence[str]
    loss: Image.Image
    steps: int

    def html(self) -> str:
        """The page."""
        return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
            style=STYLE,
            title=escape(f"Style “{self.style.style}”"),
            lead=escape(self._lead()),
            verdict=verdict(self.measured.metrics, self.gate, METRICS),
            notes="".join(f'<p class="note">{escape(note)}</p>' for note in self.notes),
            pictures_lead=escape(self._pictures_lead()),
            pictures="".join(_pictures(each) for each in self.restyled),
            metrics=self._metrics(),
            palette="".join(_swatch(colour) for colour in self.measured.colours),
            loss=data_uri(self.loss),
            loss_text=escape(self._loss_text()),
            dataset="".join(_example(example) for example in self.examples),
            settings=self._settings(),
        )

    def _lead(self) -> str:
        how = "LoRA" if self.style.method == "lora" else "full fine-tune"
        return f"{how} on {self.base.reference}, {self.steps} steps, {len(self.examples)} pictures. Execution {self.style.execution}."

    def _pictures_lead(self) -> str:
        same = "The same words and seeds through the base model (before) and the fine-tuned one (after)"
        return f"{same}: “{self.prompt}”. The first of {len(self.restyled[0].after)} seeds is shown."

    def _metrics(self) -> str:
        columns = ["metric", "meaning", "value", "better", "threshold", "result"]
        metrics = self.measured.metrics
        rows = [metric_row(name, value, METRICS[name], self.gate) for name, value in metrics.items()]
        return table("Measured on the pictures above and on the real garment.", columns, rows)

    def _loss_text(self) -> str:
        average = self.measured.metrics["train_avg_loss"]
        return f"Loss over {self.steps} steps; the mean of the last tenth is {average:.4g}."

    def _settings(self) -> str:
        shown = {
            "base model": self.base.reference,
            "licence of the base model": self.base.licence,
            "task": self.style.task,
            "method": self.style.method,
            "target": self.style.target or "–",
            "instance prompt": self.style.instance_prompt,
            "class prompt": self.style.class_prompt or "–",
            "dataset sha256": self.style.dataset_sha256,
            "code version": self.style.code_version,
            "trained": self.style.created_at,
            **{name: json.dumps(value) for name, value in self.style.hyperparameters.items()},
        }
        return table("Everything needed to train this again.", ["setting", "value"], text_rows(shown))


def failures(metrics: Mapping[str, float], gate: Mapping[str, float], known: Mapping[str, Metric]) -> list[str]:
    """The metrics that miss their threshold, or are not there to meet it."""
    return [name for name, limit in gate.items() if name not in metrics or not known[name].meets(metrics[name], limit)]


def verdict(metrics: Mapping[str, float], gate: Mapping[str, float], known: Mapping[str, Metric]) -> str:
    """Whether the gate is met, in words; empty where there is none."""
    if not gate:
        return ""
    missed = failures(metrics, gate, known)
    tone, words = ("bad", f"Gate not met: {', '.join(missed)}") if missed else ("good", "Gate met")
    return f'<p class="verdict {tone}">{escape(words)}</p>'


def metric_row(name: str, value: float, metric: Metric, gate: Mapping[str, float]) -> list[Cell]:
    """One metric beside its meaning, its direction and its threshold."""
    better = "higher" if metric.higher_is_better else "lower"
    cells = [Cell(text=name), Cell(text=metric.meaning), Cell(text=f"{value:.4g}", number=True), Cell(text=better)]
    if name not in gate:
        return [*cells, Cell(text="–", number=True), Cell(text="–")]
    met = metric.meets(value, gate[name])
    result = Cell(text="met" if met else "not met", tone="good" if met else "bad")
    return [*cells, Cell(text=f"{gate[name]:.4g}", number=True), result]


def _pictures(restyled: Restyled) -> str:
    shown = [
        ("before", restyled.before[0], "by the base model"),
        ("after", restyled.after[0], "by the fine-tuned model"),
    ]
    if restyled.original is not None:
        shown = [("original", restyled.original, "as it was"), ("mask", restyled.mask, "white is repainted"), *shown]
    figures = "".join(figure(image, label, f"{restyled.name}, {label}: {what}") for label, image, what in shown)
    return f'<article class="row"><h3>{escape(restyled.name)}</h3><div class="pictures">{figures}</div></article>'


def _example(example: Example) -> str:
    """A training picture, dimmed where it was not learnt."""
    dimmed = Image.blend(example.picture, Image.new("RGB", example.picture.size, "white"), 0.7)
    shown = Image.composite(example.picture, dimmed, to_image(example.mask))
    return figure(shown, example.name, f"training picture {example.name}, pale outside its mask: {example.caption}")


def _swatch(colour: np.ndarray[tuple[int], np.dtype[np.float64]]) -> str:
    code = "#" + "".join(f"{round(float(level)):02x}" for level in colour)
    return f'<span class="swatch" style="background:{code}" role="img" aria-label="{code}"></span><code>{code}</code> '
