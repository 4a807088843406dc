"""What the evaluation of a pretrained model writes to ``metrics.json``: a table of metrics a kind of model."""

from collections.abc import Mapping
from typing import Annotated

from contracts.metrics import Metric, Metrics, higher, lower, table
from contracts.pretrain_hyperparameters import Model


class PretrainingMetrics(Metrics):
    """What is measured of every model."""

    train_avg_loss: Annotated[float | None, lower(0, 1e6, "mean loss of the last tenth of the steps")] = None
    held_out: Annotated[float | None, higher(1, 1e9, "held-out samples measured")] = None


class UNetMetrics(PretrainingMetrics):
    """Of a UNet."""

    denoising_loss: Annotated[
        float | None, lower(0, 1e6, "mean squared error at fixed timesteps and noise, held-out samples")
    ] = None


class VaeMetrics(PretrainingMetrics):
    """Of an autoencoder."""

    psnr: Annotated[float | None, higher(-1e6, 1e6, "dB between held-out pictures and their reconstruction")] = None


class SegmenterMetrics(PretrainingMetrics):
    """Of a segmenter."""

    mask_iou_mean: Annotated[float | None, higher(0, 1, "mean over prompts of the IoU")] = None
    mask_iou_min: Annotated[float | None, higher(0, 1, "the worst prompt's IoU")] = None
    false_positive: Annotated[float | None, lower(0, 1, "share of pixels marked for something that is not there")] = (
        None
    )
    not_found: Annotated[
        float | None, higher(0, 1, "share of prompts for something that is not there that are answered with nothing")
    ] = None


class UpscalerMetrics(PretrainingMetrics):
    """Of an upscaler."""

    gain_db: Annotated[float | None, higher(-1e6, 1e6, "dB gained over bicubic, held-out pictures")] = None


TABLES: Mapping[Model, type[PretrainingMetrics]] = {
    "unet": UNetMetrics,
    "vae": VaeMetrics,
    "segmenter": SegmenterMetrics,
    "upscaler": UpscalerMetrics,
}
METRICS: Mapping[Model, Mapping[str, Metric]] = {model: table(metrics) for model, metrics in TABLES.items()}


def read_gate(where: str, data: object, model: Model) -> dict[str, float]:
    """Read ``{metric: threshold}``. Raises InvalidInputError for a metric that this kind of model does not have."""
    return TABLES[model].from_json(data, where=where).to_json()
