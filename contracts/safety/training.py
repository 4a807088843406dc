"""The words of a training, of a style or a base model: what is learnt under these words is called by them afterwards."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress

from contracts.corpus import CAPTIONS, VOCABULARY, Caption, Vocabulary
from contracts.dataset import INFO, DatasetInfo
from contracts.errors import InvalidInputError, Problem
from contracts.execution import ExecutionInput
from contracts.prompts import readings
from contracts.safety.refusal import RefusedWordsError
from contracts.safety.rules import SafetyRules
from contracts.safety.words import check_words, judge

_MOST_TOLD = 20
"""Captions that are told of."""

SEGMENTED = frozenset({"skin"})
"""What a segmenter may be taught to find though nobody may have it painted: the gate itself asks for it."""


def check_training(asked: ExecutionInput, rules: SafetyRules) -> None:
    """Raises RefusedWordsError where the words of an execution's input ask for what is refused, in any of their readings."""
    check_words({"target": asked.target, "instance_prompt": asked.instance_prompt}, rules)
    for words in _readings(asked.class_prompt):
        check_words({"class_prompt": words}, rules)
    for words in _readings(asked.hyperparameters.validation_prompt):
        check_words({"hyperparameters.validation_prompt": words}, rules)


def check_dataset(info: DatasetInfo | None, captions: Mapping[str, str], rules: SafetyRules) -> None:
    """The same of a dataset's own words, and of its captions by the pictures' names."""
    found = list[Problem]()
    own = {"instance_prompt": info.instance_prompt, "class_prompt": info.class_prompt} if info else {}
    for name, words in own.items():
        for each in _readings(words):
            found += (finding.problem(f"{INFO}: ") for finding in judge({name: each}, rules))
    for picture, words in captions.items():
        found += (finding.problem(f"captions of {picture}: ") for finding in judge({"text": words}, rules))
    if found:
        raise RefusedWordsError.of(dict.fromkeys(found[:_MOST_TOLD]))


def check_vocabulary(vocabulary: Vocabulary, rules: SafetyRules) -> None:
    """The same of what a segmenter is taught to find."""
    asked = (words for words in vocabulary.prompts if words not in SEGMENTED)
    found = [each.problem(f"{VOCABULARY}: ") for words in asked for each in judge({f"prompts.{words}": words}, rules)]
    if found:
        raise RefusedWordsError.of(found[:_MOST_TOLD])


def check_captions(captions: Iterable[Caption], rules: SafetyRules) -> None:
    """The same of the captions that a base model learns from. Takes about 0.4 ms for each that was not there before."""
    found = list(_refused(captions, rules))
    if found:
        raise RefusedWordsError.of(found[:_MOST_TOLD])


def _refused(captions: Iterable[Caption], rules: SafetyRules) -> Iterator[Problem]:
    fine = set[str]()
    for caption in captions:
        for words in (*caption.captions, *(words for region in caption.regions for words in region.captions)):
            if words not in fine:
                wrong = judge({"captions": words}, rules)
                yield from (each.problem(f"{CAPTIONS}, sample {caption.key}: ") for each in wrong)
                fine |= set() if wrong else {words}


def _readings(words: str) -> list[str]:
    """Every reading, and the words as they stand where their braces are refused elsewhere."""
    with suppress(InvalidInputError):
        return [words, *readings(words)]
    return [words]
