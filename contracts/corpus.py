"""Many captioned pictures to train a base model from: what people upload, and the shards a run makes of it.

``datasets/{name}/`` holds ``dataset.json``, ``captions.jsonl``, ``pictures/{key}.png`` (or ``.jpg``) and, for all pictures or none,
``labels/{key}.png`` (8-bit label map, the picture's size). Pictures have a folder of their own because SageMaker deals them out to
the hosts object by object: what belongs to a picture must be found on whichever host gets it.

Shards are tar files in WebDataset layout (``{key}.png``, ``{key}.labels.png``, ``{key}.json``) beside ``dataset.json``
(the vocabulary) and one ``index-{host}.json`` a host: ``{"shards": {"shard-algo-1-00000.tar": 812}}``, samples a shard.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contracts.errors import InvalidInputError
from contracts.fields import integer, only_keys, read, text

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

sample_key = text(longest=100, pattern=KEY_PATTERN, meaning="a sample's key")
_name = text(longest=100, meaning="a name")
_words = text(longest=1_000, meaning="a caption")
_label = integer(0, 255)
_seed = integer(0, 2**63 - 1)


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """``dataset.json``: what the label map's values mean, what prompts ask for, and which keys are never trained on.

    ``prompts`` maps each segmentation prompt to the labels that answer it. ``held_out`` names keys on top of the share
    that a run sets aside; ``seed`` is the one that drawn pictures were made from.
    """

    labels: tuple[str, ...]
    prompts: Mapping[str, tuple[int, ...]]
    held_out: frozenset[str] = frozenset()
    seed: int | None = None

    @classmethod
    def from_json(cls, data: object) -> "Vocabulary":
        """Raises InvalidInputError for an unknown or missing key, or a prompt that names a label there is not."""
        checks = {"labels": _each(_name), "prompts": _prompts, "held_out": _each(sample_key), "seed": _seed}
        values = read(VOCABULARY, data, checks, required=["labels", "prompts"])
        for prompt, labels in values["prompts"].items():
            if not labels or max(labels) >= len(values["labels"]):
                allowed = f"labels from 0 to {len(values['labels']) - 1}"
                raise InvalidInputError(f"{VOCABULARY}.prompts.{prompt}", got=list(labels), allowed=allowed)
        return cls(**{**values, "held_out": frozenset(values.get("held_out", ()))})


@dataclass(frozen=True, kw_only=True)
class Caption:
    """One line of ``captions.jsonl``: words for a whole picture, and for the parts of it that have a label of their own."""

    key: str
    captions: tuple[str, ...]
    regions: tuple[tuple[int, tuple[str, ...]], ...] = ()

    @classmethod
    def from_json(cls, data: object, *, where: str) -> "Caption":
        """Raises InvalidInputError; ``where`` names the line."""
        checks = {"key": sample_key, "captions": _each(_words), "regions": _each(_region)}
        values = read(where, data, checks, required=["key", "captions"])
        if not values["captions"]:
            raise InvalidInputError(f"{where}.captions", got=[], allowed="at least one caption")
        return cls(**values)

    def sample(self) -> dict[str, Any]:
        """``{key}.json`` of the sample in its shard."""
        regions = [{"label": label, "captions": list(captions)} for label, captions in self.regions]
        return {"captions": list(self.captions), "regions": regions}


def is_held_out(key: str, share: float) -> bool:
    """Whether a run sets this sample aside for evaluation: the same answer on every host and in every run."""
    digest = hashlib.sha256(key.encode()).digest()
    return int.from_bytes(digest[:8]) < share * 2**64


def _each(check: Any) -> Any:
    def check_list(where: str, value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise InvalidInputError(where, got=value, allowed="a JSON list")
        return tuple(check(f"{where}[{number}]", item) for number, item in enumerate(value))

    return check_list


def _prompts(where: str, value: Any) -> dict[str, tuple[int, ...]]:
    if not isinstance(value, dict):
        raise InvalidInputError(where, got=value, allowed='an object: {"a skirt": [4]}')
    return {_words(where, prompt): _each(_label)(f"{where}.{prompt}", labels) for prompt, labels in value.items()}


def _region(where: str, value: Any) -> tuple[int, tuple[str, ...]]:
    only_keys(where, value, ["label", "captions"], ["label", "captions"])
    return _label(f"{where}.label", value["label"]), _each(_words)(f"{where}.captions", value["captions"])
