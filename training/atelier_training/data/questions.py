"""Makes up segmentation prompts for a picture, of things that are there and of things that are not.

Present and absent must be balanced for each thing, not over all questions. Few things can be absent at all; if those were not asked
for more often where they are present, nearly every question about "a skirt" would be about a picture without one, and the
model would learn to answer "nowhere".
"""

from collections.abc import Mapping
from dataclasses import dataclass

from numpy.random import Generator

from atelier_training.data.shards import Sample
from contracts.corpus import Vocabulary

_TEMPLATES = ("{}", "a {}", "the {}", "a photo of a {}", "a photo of the {}")
_ABSENT_SHARE = 0.4
_REGION_SHARE = 0.75  # of questions about what is there: about a region, which another picture may lack
_CAPTION_SHARE = 0.15  # of questions about a region: by its own caption, adjectives and all


@dataclass(frozen=True, kw_only=True)
class Question:
    """A prompt and the labels that answer it; none of them need be in the picture."""

    prompt: str
    labels: tuple[int, ...]


def ask(sample: Sample, present: frozenset[int], vocabulary: Vocabulary, rng: Generator) -> Question:
    """Draw a question about a view of a sample in which the labels `present` are visible."""
    concepts = _names_by_answer(vocabulary.prompts)
    absent = [labels for labels in concepts if not present.intersection(labels)]
    if absent and rng.random() < _ABSENT_SHARE:
        return _named(absent, concepts, rng)
    regions = [region for region in sample.regions if region.label in present]
    if regions and rng.random() < _REGION_SHARE:
        region = regions[int(rng.integers(len(regions)))]
        if (region.label,) not in concepts or rng.random() < _CAPTION_SHARE:
            return Question(prompt=str(rng.choice(region.captions)), labels=(region.label,))
        return _named([(region.label,)], concepts, rng)
    return _named([labels for labels in concepts if present.intersection(labels)], concepts, rng)


def _names_by_answer(prompts: Mapping[str, tuple[int, ...]]) -> dict[tuple[int, ...], list[str]]:
    """Group synonyms, so that a thing of many names does not get more questions."""
    concepts: dict[tuple[int, ...], list[str]] = {}
    for name, labels in prompts.items():
        concepts.setdefault(labels, []).append(name)
    return concepts


def _named(choices: list[tuple[int, ...]], concepts: Mapping[tuple[int, ...], list[str]], rng: Generator) -> Question:
    labels = choices[int(rng.integers(len(choices)))]
    name, template = str(rng.choice(concepts[labels])), str(rng.choice(_TEMPLATES))
    return Question(prompt=template.format(name), labels=labels)
