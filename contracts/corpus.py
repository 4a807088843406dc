"""Many captioned pictures to train a base model from: what people upload, and the shards a run makes of it.

``datasets/{name}/`` holds ``dataset.json``, ``captions.jsonl``, ``pictures/{key}.png`` (or ``.jpg``) and, for all pictures or none,
``labels/{key}.png`` (8-bit label map, the picture's size). Pictures have a folder of their own because SageMaker deals them out to
the hosts object by object: what belongs to a picture must be found on whichever host gets it.

Shards are tar files in WebDataset layout (``{key}.png``, ``{key}.labels.png``, ``{key}.json``) beside ``dataset.json``
(the vocabulary) and one ``index-{host}.json`` a host: ``{"shards": {"shard-algo-1-00000.tar": 812}}``, samples a shard.
"""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from contracts.declarations import about, bounds, listed, text
from contracts.errors import Problem
from contracts.garments import english, unusable_words
from contracts.model import Check, Contract, rule

VOCABULARY = "dataset.json"
CAPTIONS = "captions.jsonl"
PICTURES = "pictures/"
LABELS = "labels/"
SUFFIXES = (".png", ".jpg", ".jpeg")
KEY_PATTERN = r"[A-Za-z0-9_-]{1,100}"
"""A sample's key: no dots, because a tar member's name is split at its first one."""

INDEX = "index-{host}.json"
"""Samples a shard, written by the host that wrote them: hosts that make shards side by side share no file."""

FEWEST_PICTURES = 8

SampleKey = Annotated[str, text("a sample's key", longest=100, pattern=KEY_PATTERN)]
sample_key = Check(SampleKey)
_Name = Annotated[str, text("a name", longest=100)]
_Words = Annotated[str, text("a caption", longest=1_000)]
_Label = Annotated[int, bounds(0, 255)]


class Vocabulary(Contract):
    """``dataset.json``: what the label map's values mean, what prompts ask for, and which keys are never trained on."""

    document: ClassVar[str] = VOCABULARY

    labels: Annotated[tuple[_Name, ...], listed("names of the label map's values, from 0")]
    prompts: Annotated[
        Mapping[_Words, Annotated[tuple[_Label, ...], listed()]],
        about("each segmentation prompt, and the labels that answer it", examples=[{"a skirt": [4]}]),
    ]
    held_out: Annotated[
        frozenset[SampleKey], listed("keys never trained on, besides the share that a run sets aside")
    ] = frozenset()
    seed: Annotated[int | None, bounds(0, 2**63 - 1, "the seed that drawn pictures were made from")] = None

    @rule
    def _prompts_name_labels(self) -> Iterator[Problem]:
        for prompt, labels in self.prompts.items():
            if not labels or max(labels) >= len(self.labels):
                yield Problem(f"prompts.{prompt}", list(labels), f"labels from 0 to {len(self.labels) - 1}")

    @rule
    def _prompts_can_be_asked(self) -> Iterator[Problem]:
        """The evaluation asks a segmenter for each of them, as people will: in English."""
        for prompt in self.prompts:
            yield from unusable_words(f"prompts.{prompt}", prompt)
            if (spoken := english(prompt)) != prompt:
                yield Problem(f"prompts.{prompt}", prompt, f"{spoken!r}: a segmenter is asked in English")


class Region(Contract):
    """A part of a picture that has a label of its own."""

    label: Annotated[_Label, about("its value in the label map")]
    captions: Annotated[tuple[_Words, ...], listed("words for it")]


class Caption(Contract):
    """One line of ``captions.jsonl``: words for a whole picture, and for the parts of it that have a label of their own."""

    key: Annotated[SampleKey, about("the picture's name, without its ending")]
    captions: Annotated[tuple[_Words, ...], listed("words for the whole picture"), Field(min_length=1)]
    regions: Annotated[tuple[Region, ...], listed("words for its parts")] = ()

    def sample(self) -> dict[str, Any]:
        """``{key}.json`` of the sample in its shard."""
        return self.model_dump(mode="json", exclude={"key"})


def is_held_out(key: str, share: float) -> bool:
    """Whether a run sets this sample aside for evaluation: the same answer on every host and in every run."""
    digest = hashlib.sha256(key.encode()).digest()
    return int.from_bytes(digest[:8]) < share * 2**64
