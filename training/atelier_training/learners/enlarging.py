"""Fine-tuning an upscaler: the denoising loss on latents of large pictures, which are to be predicted from small ones."""

from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from atelier_training.data.enlargements import EnlargementBatch, EnlargementBatches
from atelier_training.data.examples import ExampleFile
from atelier_training.data.kept_views import FOLDER, KeptViews
from atelier_training.data.pairs import EncodedPair, PairCutter, encode_pair, largest_side, pairs_name
from atelier_training.data.pictures import DatasetFolder
from atelier_training.fine_tune_job import FineTuneJob
from atelier_training.learners.fine_tune import export_style
from contracts.artifact import BaseManifest
from contracts.sampling import Sampling
from contracts.training_time import parts_of
from diffusion.enlarging_model import EnlargingModel
from diffusion.noise import loss_weights, target
from diffusion.upscaler import Upscaler

_LATENT_WEIGHT = 0.01
"""Beside the error of pictures, where a model predicts them: latents count what hardly shows as much as what does."""


class EnlargingLearner:
    """Learns to predict large pictures from small ones, from the base model in the folder ``base``."""

    def __init__(self, trained: EnlargingModel, job: FineTuneJob, *, base: Path, manifest: BaseManifest) -> None:
        self.trained = trained
        self._schedule, self._job, self._base, self._manifest = trained.upscaler.noise_schedule(), job, base, manifest

    def losses(self, batch: EnlargementBatch) -> Tensor:
        """The squared error of each pair, (B,)."""
        noisy = self._schedule.add_noise(batch.latents, batch.noise, batch.timesteps)
        small = self.trained.upscaler.with_noise(batch.small, batch.grain, batch.levels)
        predicted = self.trained(noisy, small, batch.timesteps, batch.levels, batch.words)
        expected = target(self._schedule, batch.latents, batch.noise, batch.timesteps)
        errors = _mean_square(predicted.float() - expected.float())
        if self.trained.upscaler.predicts_pictures:
            errors = _LATENT_WEIGHT * errors + self._painted(predicted.float(), batch.latents)
        if self._job.snr_gamma is None:
            return errors
        return errors * loss_weights(self._schedule, batch.timesteps, self._job.snr_gamma)

    def _painted(self, predicted: Tensor, latents: Tensor) -> Tensor:
        """The squared error of the pictures that are painted from predicted latents, (B,)."""
        upscaler = self.trained.upscaler
        with torch.no_grad():
            best = upscaler.decode(latents)
        return _mean_square(upscaler.decode(predicted) - best)

    def export(self, folder: Path) -> None:
        """Write the adapter, or the whole pipeline: the base's files, except for the parts that were trained."""
        export_style(self.trained, self._job, self._base, self._manifest, folder)


def _mean_square(difference: Tensor) -> Tensor:
    mean: Tensor = difference.pow(2).mean((1, 2, 3))
    return mean


def enlargement_batches(
    family: Upscaler,
    base: BaseManifest,
    job: FineTuneJob,
    examples: list[ExampleFile],
    dataset: DatasetFolder,
    checkpoints: Path,
    *,
    steps: int,
) -> EnlargementBatches:
    """Everything that the loop draws from in so many ``steps``. Encoded pairs are kept beside the ``checkpoints``."""
    side = largest_side(examples, base.resolution)
    small = {name: dataset.path / own for name, own in dataset.files.small.items()}
    cutter = PairCutter(files=examples, small=small, side=side, seed=job.seed, flipped=job.random_flip)
    parts = parts_of(steps * job.batch_size * job.gradient_accumulation_steps / len(examples))
    encoder = [digest for name, digest in base.files.items() if name.startswith("vae/")]
    of = [base.reference, *encoder, job.dataset_sha256, str(family.pipeline.vae.dtype), str(parts)]
    pairs = KeptViews(
        names=tuple(example.name for example in examples),
        captions=tuple(example.caption for example in examples),
        views=parts,
        cut=cutter,
        encode=partial(encode_pair, family),
        kind=EncodedPair,
        folder=checkpoints / FOLDER / f"pairs-{pairs_name(cutter, of)}",
    )
    return EnlargementBatches(
        pairs=pairs,
        words=family.encode_words(pairs.captions, as_ids=False),
        tuning=job.tuning,
        timesteps=family.noise_schedule().config.num_train_timesteps,
        served=family.timesteps(Sampling.of(base.defaults)),
        usual=family.NOISE_LEVEL,
        most_noise=family.most_noise,
    )
