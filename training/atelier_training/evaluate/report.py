"""``report.html``: what was made, how good it is, and by which settings, in one file that needs no other."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from PIL import Image

from atelier_training.data.examples import Example, opened
from atelier_training.evaluate.measure import Measured
from atelier_training.evaluate.restyle import Models, Painted, Restyled
from atelier_training.evaluate.watched import WatchedTraining
from atelier_training.reports.page import Figure, Results, Row, fitted, render
from contracts.disclosure import Texts
from contracts.metrics import METRICS
from contracts.terms import in_words
from imaging.masks import to_image
from imaging.told import Told
from imaging.xmp import COMPOSITE, PAINTED, packet_of

_SHOWN = {
    "original": "as it was",
    "mask": "white is repainted",
    "plain": "by interpolation",
    "before": "by the base model",
    "after": "by the fine-tuned model",
    "other": "by the fine-tuned model, from words for another colour",
}


@dataclass(frozen=True, kw_only=True)
class Report:
    """All that a report shows. ``gate`` maps metrics to thresholds and may be empty; ``disclosure`` is said of painted pictures.

    ``expected`` says what the run was to take, and ``watched`` what was seen while it was learnt.
    """

    models: Models
    painted: Painted
    prompt: str
    measured: Measured
    gate: Mapping[str, float]
    loss: Image.Image | None
    steps: int
    disclosure: Texts
    expected: str = ""
    watched: WatchedTraining = field(default_factory=WatchedTraining)

    def html(self) -> str:
        """The page."""
        style, base, painted, metrics = self.models.style, self.models.base, self.painted, self.measured.metrics
        method = "LoRA" if style.method == "lora" else "full fine-tune"
        same = "The same words and seeds through the base model (before) and the fine-tuned one (after)"
        return render(
            "style.html",
            title=f"Style “{style.style}”",
            lead=f"{method} on {base.reference}, {self._learnt}{len(painted.examples)} pictures. Execution {style.execution}.",
            disclosure=self.disclosure,
            results=Results(metrics=metrics, gate=self.gate, known=METRICS, spread=self.measured.spread),
            notes=painted.notes,
            pictures_title="Before and after",
            pictures_lead=f"{same}: “{self.prompt}”.{_of_seeds(len(painted.restyled[0].after))}{_other(painted.other)}",
            rows=[_row(each) for each in painted.restyled],
            measured_on="Measured on the pictures above and on the real garment.",
            colours=[
                "#" + "".join(f"{round(level):02x}" for level in each)
                for each in self.measured.garment.colours.tolist()
            ],
            loss=self.loss,
            watched=self.watched,
            loss_text=f"Loss over {self.steps} steps; the mean of the last tenth is {metrics.get('train_avg_loss', 0):.4g}.",
            examples=[_example(example) for example in opened(painted.examples)],
            settings_title="Everything needed to train this again.",
            settings=self._settings(),
        )

    @property
    def _learnt(self) -> str:
        """How many steps it was trained for; nothing where that is not known of what was trained elsewhere."""
        return f"{self.steps} steps, " if self.steps else ""

    def told(self) -> Told:
        """What the files of painted pictures say of themselves."""
        style = self.models.style
        source_type = PAINTED if style.task == "text-to-image" else COMPOSITE
        return Told(xmp=packet_of(source_type, f"{self.models.base.reference} {style.style}", self.disclosure))

    def _settings(self) -> dict[str, str]:
        style, base = self.models.style, self.models.base
        return {
            "base model": base.reference,
            "licence of the base model": f"{base.licence}: {in_words(base.commercial, restricted=base.restricted)}",
            "task": style.task,
            "method": style.method,
            "target": style.target or "–",
            "instance prompt": style.instance_prompt,
            "class prompt": style.class_prompt or "–",
            "dataset sha256": style.dataset_sha256,
            "code version": style.code_version,
            "trained": style.created_at,
            **({"expected before it started": self.expected} if self.expected else {}),
            **{name: json.dumps(value) for name, value in style.hyperparameters.items()},
        }


def _of_seeds(count: int) -> str:
    return f" The first of {count} seeds is shown." if count > 1 else ""


def _other(prompt: str) -> str:
    return (
        f" Other: the fine-tuned model asked for “{prompt}”, where nothing of the style should show." if prompt else ""
    )


def _row(restyled: Restyled) -> Row:
    figures = [
        Figure(picture=image, caption=column, alt=f"{restyled.name}, {column}: {_SHOWN[column]}")
        for column, image in restyled.shown.items()
    ]
    return Row(title=restyled.name, figures=figures)


def _example(example: Example) -> Figure:
    """A training picture, dimmed where it was not learnt."""
    dimmed = Image.blend(example.picture, Image.new("RGB", example.picture.size, "white"), 0.7)
    picture = Image.composite(example.picture, dimmed, to_image(example.mask))
    alt = f"training picture {example.name}, pale outside its mask: {example.caption}"
    return Figure(picture=fitted(picture), caption=example.name, alt=alt)
