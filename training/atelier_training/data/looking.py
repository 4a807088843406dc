"""One look at each picture to learn from, while it is decoded: what is measured of it, and words for it where it has none."""

import argparse
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from atelier_training.data.picture_facts import PictureFacts
from atelier_training.data.pictures import DatasetFolder
from contracts.dataset import CAPTIONS
from contracts.dataset_texts import caption_lines
from imaging.masks import Mask

if TYPE_CHECKING:
    from imaging.segmenter import Segmenter


class Looking:
    """Called with each picture; ``facts`` and ``captions`` by name are what it has seen."""

    def __init__(self, dataset: DatasetFolder, arguments: argparse.Namespace, segmenter: Path) -> None:
        self.facts: list[PictureFacts] = []
        self.captions: dict[str, str] = {}
        self._own = dataset.captions.words
        self._arguments = arguments
        self._folder = segmenter

    def __call__(self, name: str, picture: Image.Image, mask: Mask | None) -> None:
        """Measure a picture and, where captions are asked for and it has none of its own, find words for it."""
        self.facts.append(PictureFacts.of(name, picture, mask, resolution=self._arguments.resolution))
        if self._arguments.caption_prompt and name not in self._own:
            self.captions[name] = self._caption(picture, mask)

    @cached_property
    def segmenter(self) -> "Segmenter":
        """The stage's, loaded when it is first needed: it needs torch."""
        import torch

        from atelier_training.base_files import load_segmenter

        return load_segmenter(self._folder, "cuda" if torch.cuda.is_available() else "cpu")

    def write_captions(self, folder: Path) -> None:
        """Write ``captions.jsonl`` into a folder, where any were asked for."""
        if self._arguments.caption_prompt:
            (folder / CAPTIONS).write_bytes(caption_lines(self.captions))

    def _caption(self, picture: Image.Image, mask: Mask | None) -> str:
        from imaging.captioning import caption, worn_with

        prompt = self._arguments.caption_prompt
        words = f"{self._arguments.target} {prompt}"
        return caption(prompt, worn_with(picture, mask, words, self.segmenter))
