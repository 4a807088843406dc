"""``report.html`` of a pretrained model, in one file that needs no other."""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template

from PIL import Image

from atelier_training.evaluate.markup import data_uri, figure, table, text_rows
from atelier_training.evaluate.report import STYLE, metric_row, verdict
from atelier_training.evaluate_base.judged import Judged
from contracts.artifact import BaseManifest
from contracts.pretrain_hyperparameters import Model
from contracts.pretraining import MeasuredArtifact
from contracts.pretraining_metrics import METRICS
from imaging.sheet import SheetRow

TEMPLATE = Path(__file__).with_name("report.html")


@dataclass(frozen=True, kw_only=True)
class BaseReport:
    """All that the page shows. ``gate`` maps metrics to thresholds and may be empty."""

    model: Model
    base: BaseManifest
    judged: Judged
    measured: MeasuredArtifact
    gate: Mapping[str, float]
    loss: Image.Image
    steps: int

    @property
    def title(self) -> str:
        """What page and sheet are called."""
        return f"Pretrained {self.model}"

    def html(self) -> str:
        """The page."""
        metrics, known = self.judged.metrics, METRICS[self.model]
        columns = ["metric", "meaning", "value", "better", "threshold", "result"]
        rows = [metric_row(name, value, known[name], self.gate) for name, value in metrics.items()]
        average = metrics["train_avg_loss"]
        return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
            style=STYLE,
            title=escape(self.title),
            lead=escape(f"From {self.base.reference}, {self.steps} steps."),
            verdict=verdict(metrics, self.gate, known),
            pictures_lead=escape(self.judged.lead),
            pictures="".join(self._row(row) for row in self.judged.rows),
            metrics=table(f"Measured on {metrics['held_out']:g} held-out samples.", columns, rows),
            loss=data_uri(self.loss),
            loss_text=escape(f"Loss over {self.steps} steps; the mean of the last tenth is {average:.4g}."),
            settings=table("What was measured.", ["setting", "value"], text_rows(self._settings())),
        )

    def _row(self, row: SheetRow) -> str:
        pairs = zip(self.judged.columns, row.pictures, strict=True)
        figures = "".join(figure(picture, column, f"{row.caption}: {column}") for column, picture in pairs)
        return f'<article class="row"><h3>{escape(row.caption)}</h3><div class="pictures">{figures}</div></article>'

    def _settings(self) -> dict[str, str]:
        return {
            "base model": self.base.reference,
            "licence of the base model": self.base.licence,
            "task": self.measured.task,
            "code version": self.measured.code_version,
            "measured": self.measured.created_at,
            **{f"sha256 of {name}": digest for name, digest in self.measured.files.items()},
        }
