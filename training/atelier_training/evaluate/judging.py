"""What paintings are judged by: the real garment's pictures, and the models that find it and compare it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from atelier_training.base_files import load_segmenter
from atelier_training.data.examples import ExampleFile, load_examples, opened
from atelier_training.data.garments import mask_garments
from atelier_training.data.masking import Masking
from atelier_training.data.pictures import DatasetFolder
from atelier_training.engine.interruption import Interruption
from atelier_training.evaluate.real import RealGarment
from contracts.advice import DatasetAdvice
from contracts.artifact import BaseManifest
from imaging.embedding import Embedder
from imaging.segmenter import Segmenter


@dataclass(frozen=True, kw_only=True)
class Judging:
    """``garment`` is what the ``examples`` show. Whole pictures have no ``segmenter``; ``embedder`` may be None too."""

    dataset: DatasetFolder
    masking: Masking
    advice: Sequence[str]
    examples: Sequence[ExampleFile]
    garment: RealGarment
    segmenter: Segmenter | None
    embedder: Embedder | None

    @property
    def mask_scores(self) -> list[float] | None:
        """Of each picture; None where nothing is masked."""
        return None if self.masking.mask_score is None else [each.score for each in self.masking.pictures]

    @classmethod
    def read(cls, dataset: DatasetFolder, segment: Path, segmenter: Path | None, instance_prompt: str) -> "Judging":
        """``segment`` is what masked the data set, ``segmenter`` a model's folder. Raises InvalidInputError."""
        examples = load_examples(dataset, segment, instance_prompt)
        finds = compares = None
        if segmenter:
            finds = load_segmenter(segmenter, _device())
            compares = Embedder(finds) if BaseManifest.load(segmenter).contrastive else None
        return cls(
            dataset=dataset,
            masking=Masking.read(segment),
            advice=[str(each) for each in DatasetAdvice.read(segment).advice],
            examples=examples,
            garment=RealGarment.of(opened(examples), compares),
            segmenter=finds,
            embedder=compares,
        )


def mask_again(
    dataset: DatasetFolder, segmenter: Path | None, target: str, interruption: Interruption, output: Path
) -> None:
    """What the segment step would leave of a data set, for an evaluation alone: its pictures checked, and masked by a model's folder.

    Raises UnreadablePictureError, GarmentNotFoundError.
    """
    notes = dataset.check()
    masking = Masking(warnings=tuple(notes))
    if segmenter:
        finds = load_segmenter(segmenter, _device())
        masking = mask_garments(dataset, target, finds, interruption, notes=notes, output=output)
    masking.write(output)


def _device() -> str:
    return "cuda" if torch.cuda.is_available() else "cpu"
