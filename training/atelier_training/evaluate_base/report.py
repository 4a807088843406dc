"""``report.html`` of a pretrained model, in one file that needs no other."""

from collections.abc import Mapping
from dataclasses import dataclass

from PIL import Image

from atelier_training.evaluate_base.judged import Judged
from atelier_training.reports.page import Figure, Results, Row, render
from contracts.artifact import BaseManifest
from contracts.disclosure import Texts
from contracts.pretrain_hyperparameters import Model
from contracts.pretraining import MeasuredArtifact
from contracts.pretraining_metrics import METRICS
from contracts.terms import in_words
from imaging.sheet import SheetRow
from imaging.told import NOTHING, Told
from imaging.xmp import COMPOSITE, packet_of


@dataclass(frozen=True, kw_only=True)
class BaseReport:
    """All that the page shows. ``gate`` maps metrics to thresholds and may be empty; ``disclosure`` is said of painted pictures."""

    model: Model
    base: BaseManifest
    judged: Judged
    measured: MeasuredArtifact
    gate: Mapping[str, float]
    loss: Image.Image
    steps: int
    disclosure: Texts

    @property
    def title(self) -> str:
        """The title of the page and the sheet."""
        return f"Pretrained {self.model}"

    def html(self) -> str:
        """The page."""
        metrics = self.judged.metrics
        return render(
            "page.html",
            title=self.title,
            lead=f"From {self.base.reference}, {self.steps} steps.",
            disclosure=self.disclosure if self._paints else {},
            results=Results(metrics=metrics, gate=self.gate, known=METRICS[self.model]),
            notes=[],
            pictures_title="Pictures",
            pictures_lead=self.judged.lead,
            rows=[self._row(row) for row in self.judged.rows],
            measured_on=f"Measured on {metrics['held_out']:g} held-out samples.",
            loss=self.loss,
            loss_text=f"Loss over {self.steps} steps; the mean of the last tenth is {metrics['train_avg_loss']:.4g}.",
            settings_title="What was measured.",
            settings=self._settings(),
        )

    def told(self) -> Told:
        """What the file of the sheet says of itself."""
        return Told(xmp=packet_of(COMPOSITE, self.base.reference, self.disclosure)) if self._paints else NOTHING

    @property
    def _paints(self) -> bool:
        return self.model != "segmenter"

    def _row(self, row: SheetRow) -> Row:
        pairs = zip(self.judged.columns, row.pictures, strict=True)
        figures = [Figure(picture=image, caption=column, alt=f"{row.caption}: {column}") for column, image in pairs]
        return Row(title=row.caption, figures=figures)

    def _settings(self) -> dict[str, str]:
        base = self.base
        return {
            "base model": base.reference,
            "licence of the base model": f"{base.licence}: {in_words(base.commercial, restricted=base.restricted)}",
            "task": self.measured.task,
            "code version": self.measured.code_version,
            "measured": self.measured.created_at,
            **{f"sha256 of {name}": digest for name, digest in self.measured.files.items()},
        }
