"""Words arrive as they were given: from an execution's input in the manifest, the report and the prompt that is painted."""

import re
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import escape
from PIL import Image

from atelier_training.arguments import parser
from atelier_training.fine_tune_job import FineTuneJob
from contracts.artifact import StyleManifest, to_json
from contracts.declarations import NOT_BLANK
from contracts.errors import InvalidInputError
from contracts.garments import unusable_words
from contracts.safety.rules import CLOSED
from contracts.safety.words import judge
from contracts.sampling import Sampling
from contracts.strings import as_string, as_text
from imaging.masks import to_image
from imaging.repaint import Repainting, repaint_all
from imaging.sheet import draw_sheet
from tests.unit.ops_stage import make_stage, plan_of
from tests.unit.test_training_evaluate import report
from tests.unit.training_root import garment

STAGE = make_stage()[1]
WORDS = (
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
    .filter(re.compile(NOT_BLANK).search)
    .filter(lambda words: not judge({"prompt": words}, CLOSED))
)
"""Any that are not refused: chance spells names too, such as a singer's of two letters."""
ODD = [
    *('"sks" skirt, label "summer"', '"skirt" or "dress"', r'"\d skirt"', '"sks skirt"', '"', '""', '"\\"', "'sks'"),
    *("--skirt", "-", "--target=x", "-h", "--", "=", "@file", "%s %(x)s", "{% $x %}", "$plan", "${A}", "`ls`", "{a|b}"),
    *("null", "None", "true", "7", "1e5", "[]", "{}", " sks ", "\\n", "a\tb", "a\x00b", "\x7f", "a\u2028b", "a\x85b"),
    *("sks 치마 👗, “café”", "👩‍👩‍👧", "e\u0301", "\u202eabc", "\ufeffx", "<b>&amp;</b>", "\U000e0001x"),
]


def plan(**words: str) -> dict[str, Any]:
    return plan_of(STAGE, **words)


def job(strings: dict[str, str]) -> FineTuneJob:
    """What the training job makes of a plan's hyperparameters."""
    return FineTuneJob.from_strings(strings)


def check(words: str) -> None:
    """The same words at every place that a run has for them."""
    # A segmenter does not read every script, so a target in some is refused.
    target = "a skirt" if list(unusable_words("target", words)) else words
    given = {"instance_prompt": words, "target": target}
    if "\n" in words or "\r" in words:
        with pytest.raises(InvalidInputError, match="one line"):
            plan(**given)
        return
    made = plan(**given)
    assert {name: made[name] for name in given} == given
    trained = job(made["hyperparameters"])
    manifest = StyleManifest.from_text(
        to_json(
            StyleManifest(
                **trained.model_dump(include=set(StyleManifest.model_fields)),
                base_model="tiny@v1",
                hyperparameters={},
                code_version="",
                created_at="",
            )
        )
    )
    assert (manifest.instance_prompt, manifest.target) == (words, target)
    segment = parser().parse_args(["segment", *made["arguments"]["segment"]])
    evaluate = parser().parse_args(["evaluate", *made["arguments"]["evaluate"]])
    assert (segment.target, evaluate.target, evaluate.instance_prompt) == (target, target, words)


@pytest.mark.parametrize("words", ODD)
def test_odd_words_arrive(words: str) -> None:
    check(words)


@given(words=WORDS)
def test_any_words_arrive(words: str) -> None:
    check(words)


@given(words=WORDS)
def test_a_string_is_one_printable_line_and_reads_back_as_its_text(words: str) -> None:
    string = as_string(words)
    assert as_text(string) == words
    assert string.splitlines() == [string]
    assert "\x00" not in string


@given(words=WORDS.filter(lambda words: "{" not in words and "}" not in words))
def test_a_class_prompt_arrives(words: str) -> None:
    if "\n" not in words and "\r" not in words:
        assert job(plan(class_prompt=words)["hyperparameters"]).class_prompt == words


class _Recorder:
    """An inpainter that paints nothing and remembers the prompts."""

    def __init__(self) -> None:
        self.prompts: list[str] = []

    def inpaint(self, *, prompts: Sequence[str], pictures: Sequence[Image.Image], **_more: Any) -> list[Image.Image]:
        self.prompts += prompts
        return list(pictures)


@pytest.mark.parametrize("words", ODD)
def test_odd_words_are_painted_shown_and_drawn(words: str) -> None:
    picture, mask = garment(0)
    painter = _Recorder()
    works = [Repainting(picture=picture, mask=to_image(mask), prompt=words, seeds=(1, 2))]
    repaint_all(painter, works, sampling=Sampling(steps=1, guidance=1.0), resolution=32)
    assert painter.prompts == [words, words]
    assert draw_sheet([], [], title=words).size[1] > 0


@settings(max_examples=20)
@given(words=WORDS)
def test_any_words_stand_in_the_report(words: str) -> None:
    assert str(escape(words)) in report(words).html()
