"""``report.html``: what was made, how good it is, and by which settings, in one file that needs no other."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PIL import Image

from atelier_training.data.examples import Example
from atelier_training.evaluate.measure import Measured
from atelier_training.evaluate.restyle import Restyled
from atelier_training.reports.page import Figure, Results, Row, render
from contracts.artifact import BaseManifest, StyleManifest
from contracts.metrics import METRICS
from imaging.masks import to_image

_SHOWN = {
    "original": "as it was",
    "mask": "white is repainted",
    "before": "by the base model",
    "after": "by the fine-tuned model",
}


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
        style, metrics = self.style, self.measured.metrics
        method = "LoRA" if style.method == "lora" else "full fine-tune"
        same = "The same words and seeds through the base model (before) and the fine-tuned one (after)"
        return render(
            "style.html",
            title=f"Style “{style.style}”",
            lead=f"{method} on {self.base.reference}, {self.steps} steps, {len(self.examples)} pictures. Execution {style.execution}.",
            results=Results(metrics=metrics, gate=self.gate, known=METRICS),
            notes=self.notes,
            pictures_title="Before and after",
            pictures_lead=f"{same}: “{self.prompt}”. The first of {len(self.restyled[0].after)} seeds is shown.",
            rows=[_row(each) for each in self.restyled],
            measured_on="Measured on the pictures above and on the real garment.",
            colours=["#" + "".join(f"{round(level):02x}" for level in each) for each in self.measured.colours.tolist()],
            loss=self.loss,
            loss_text=f"Loss over {self.steps} steps; the mean of the last tenth is {metrics['train_avg_loss']:.4g}.",
            examples=[_example(example) for example in self.examples],
            settings_title="Everything needed to train this again.",
            settings=self._settings(),
        )

    def _settings(self) -> dict[str, str]:
        return {
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


def _row(restyled: Restyled) -> Row:
    figures = [
        Figure(picture=image, caption=column, alt=f"{restyled.name}, {column}: {_SHOWN[column]}")
        for column, image in restyled.columns.items()
    ]
    return Row(title=restyled.name, figures=figures)


def _example(example: Example) -> Figure:
    """A training picture, dimmed where it was not learnt."""
    dimmed = Image.blend(example.picture, Image.new("RGB", example.picture.size, "white"), 0.7)
    picture = Image.composite(example.picture, dimmed, to_image(example.mask))
    alt = f"training picture {example.name}, pale outside its mask: {example.caption}"
    return Figure(picture=picture, caption=example.name, alt=alt)
