"""What paintings are judged by: the real garment's pictures, and the models that find it and compare it."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from atelier_training.base_files import load_segmenter
from atelier_training.data.examples import ExampleFile, load_examples, opened
from atelier_training.data.masking import Masking
from atelier_training.data.pictures import DatasetFolder
from atelier_training.evaluate.real import RealGarment
from atelier_training.paths import MlPaths
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
    def read(cls, paths: MlPaths, task: str, instance_prompt: str) -> "Judging":
        """The processing inputs ``dataset``, ``segment`` and, where something is repainted, ``segmenter``. Raises InvalidInputError."""
        dataset, segment = DatasetFolder.read(paths.processing_input("dataset")), paths.processing_input("segment")
        examples = load_examples(dataset, segment, instance_prompt)
        segmenter = embedder = None
        if task == "inpaint":
            folder = paths.processing_input("segmenter")
            segmenter = load_segmenter(folder, "cuda" if torch.cuda.is_available() else "cpu")
            embedder = Embedder(segmenter) if BaseManifest.load(folder).contrastive else None
        return cls(
            dataset=dataset,
            masking=Masking.read(segment),
            advice=[str(each) for each in DatasetAdvice.read(segment).advice],
            examples=examples,
            garment=RealGarment.of(opened(examples), embedder),
            segmenter=segmenter,
            embedder=embedder,
        )
