"""One look at each picture to learn from, while it is decoded: what is measured of it, and words for it where it has none."""

import argparse
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from atelier_training.arguments import safety_rules
from atelier_training.data.picture_facts import PictureFacts
from atelier_training.data.pictures import DatasetFolder
from contracts.dataset import CAPTIONS
from contracts.dataset_texts import caption_lines
from contracts.prompts import LONGEST_PROMPT
from contracts.safety.words import judge
from imaging.masks import Mask

if TYPE_CHECKING:
    from imaging.captioner import Captioner
    from imaging.segmenter import Segmenter


class Looking:
    """Called with each picture; ``facts`` and ``captions`` by name are what it has seen, ``notes`` what a person should know of them.

    Words are a captioner's where there is one in the folder of that name, and else those for what the segmenter sees.
    """

    def __init__(self, dataset: DatasetFolder, arguments: argparse.Namespace, segmenter: Path, captioner: Path) -> None:
        self.facts: list[PictureFacts] = []
        self.captions: dict[str, str] = {}
        self.notes: list[str] = []
        self._own = dataset.captions.words
        self._arguments = arguments
        self._folder, self._captioner_folder = segmenter, captioner
        self._rules = safety_rules(arguments)

    def __call__(self, name: str, picture: Image.Image, mask: Mask | None) -> None:
        """Measure a picture and, where captions are asked for and it has none of its own, find words for it."""
        self.facts.append(PictureFacts.of(name, picture, mask, resolution=self._arguments.resolution))
        if self._arguments.caption_prompt and name not in self._own:
            writes = self._captioner_folder.is_dir()
            made = self._described(name, picture) if writes else self._caption(picture, mask)
            # Of a prompt that is as long as a caption may be, nothing more can be said.
            self.captions[name] = made if len(made) <= LONGEST_PROMPT else self._arguments.caption_prompt

    @cached_property
    def segmenter(self) -> "Segmenter":
        """The stage's, loaded when it is first needed: it needs torch."""
        from atelier_training.base_files import load_segmenter

        return load_segmenter(self._folder, _device())

    @cached_property
    def _captioner(self) -> "Captioner":
        from atelier_training.base_files import load_captioner

        return load_captioner(self._captioner_folder, _device())

    def write_captions(self, folder: Path) -> None:
        """Write ``captions.jsonl`` into a folder, where any were asked for."""
        if self._arguments.caption_prompt:
            (folder / CAPTIONS).write_bytes(caption_lines(self.captions))

    def _described(self, name: str, picture: Image.Image) -> str:
        """The prompt and what the captioner writes; the prompt alone where that is refused, since nobody foresees what a model writes."""
        from imaging.captioner import described

        prompt = self._arguments.caption_prompt
        made = described(prompt, self._captioner.describe(picture), f"{self._arguments.target} {prompt}")
        refused = {each.kind for each in judge({"text": made}, self._rules)}
        if refused:
            self.notes.append(
                f"{name} is learnt by the instance prompt: its automatic caption is refused ({', '.join(sorted(refused))})"
            )
            return str(prompt)
        return made

    def _caption(self, picture: Image.Image, mask: Mask | None) -> str:
        from imaging.captioning import caption, worn_with

        prompt = self._arguments.caption_prompt
        words = f"{self._arguments.target} {prompt}"
        return caption(prompt, worn_with(picture, mask, words, self.segmenter))


def _device() -> str:
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"
