"""Measurements behind docs/learn: each result is kept by all that it depends on, and what is missing is known."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from atelier_training.data.examples import load_examples
from atelier_training.data.pictures import DatasetFolder
from bench.train.masks import MASKS_EACH
from bench.train.roots import make_root
from contracts.dataset import FEWEST_PICTURES
from lessons.trainings.garment import above, drawings, pictures, write_captions
from lessons.trainings.results import TrainingResults
from lessons.trainings.tried import SEEDS, TRIED, Tried, asked
from models.tiny.make.sample import INSTANCE_PROMPT


def test_every_way_and_seed_has_a_key_of_its_own() -> None:
    keys = [TRIED[name].key(seed) for name, seed in asked()]
    assert len(keys) == len(set(keys)) == len(TRIED) * len(SEEDS)
    assert len(SEEDS) >= 3


def test_a_key_tells_the_base_model_and_every_setting() -> None:
    key = Tried(tuning={"lora_rank": 4}).key(2)
    assert key.startswith("tiny-inpaint@")
    assert {"lora_rank=4", "seed=2", "pictures=12", "learning_rate=0.004"} <= set(key.partition(": ")[2].split(", "))


def test_a_measurement_that_was_cut_off_goes_on(tmp_path: Path) -> None:
    results = TrainingResults(path=tmp_path / "trainings.json")
    assert results.missing() == list(asked())
    (name, seed), *others = asked()
    results.add(TRIED[name].key(seed), {"garment_share": 0.123456789})
    assert TrainingResults(path=results.path).missing() == others
    assert results.read()[TRIED[name].key(seed)] == {"garment_share": 0.12346}
    results.add(TRIED[others[0][0]].key(others[0][1]), {"garment_share": 1})
    assert len(json.loads(results.path.read_text("utf-8"))) == 2


def test_a_spread_needs_every_seed(tmp_path: Path) -> None:
    results = TrainingResults(path=tmp_path / "trainings.json")
    for share, seed in zip((0.7, 0.8), SEEDS[:2], strict=True):
        results.add(TRIED["rank 1"].key(seed), {"garment_share": share})
    with pytest.raises(ValueError, match=r"rank 1: got no result of .*seed=2"):
        results.spread("rank 1")
    results.add(TRIED["rank 1"].key(SEEDS[2]), {"garment_share": 0.9})
    spread = results.spread("rank 1")["garment_share"]
    assert [spread.mean, spread.deviation] == pytest.approx([0.8, 0.1])


def test_more_pictures_begin_with_the_fewer() -> None:
    few, many = (pictures(Tried(pictures=count), 0) for count in (FEWEST_PICTURES, 14))
    assert [len(few), len(many)] == [FEWEST_PICTURES, 14]
    assert [each.encoded for each in many[:FEWEST_PICTURES]] == [each.encoded for each in few]
    assert len({each.name for each in many}) == 14
    assert all(each.mask.any() for each in many)


def test_random_masks_are_others_with_another_seed() -> None:
    tried = Tried(pictures=FEWEST_PICTURES, masks="random")
    one, other = pictures(tried, 0), pictures(tried, 1)
    assert len(one) == len(other) == FEWEST_PICTURES * MASKS_EACH
    assert any((a.mask != b.mask).any() for a, b in zip(one, other, strict=True))


def test_words_find_nearly_the_true_masks() -> None:
    tried = Tried(pictures=FEWEST_PICTURES)
    for true, found in zip(pictures(tried, 0), pictures(replace(tried, masks="words"), 0), strict=True):
        assert (true.mask & found.mask).sum() > 0.8 * (true.mask | found.mask).sum()


@pytest.mark.parametrize(
    ("captions", "words"),
    [
        ("prompt", INSTANCE_PROMPT),
        ("no own word", "a photo of a skirt"),
        ("worn besides", f"{INSTANCE_PROMPT} with {above(drawings(1)[0])}"),
    ],
)
def test_the_job_learns_by_the_captions_that_are_tried(captions: str, words: str, tmp_path: Path) -> None:
    tried = Tried(pictures=FEWEST_PICTURES, captions=captions)  # type: ignore[arg-type]
    drawn = pictures(tried, 0)
    paths = make_root("tiny", "lora", tmp_path, drawn, "job", **tried.settings(0))
    write_captions(tried, drawn, paths)
    dataset = DatasetFolder.read(paths.channel("dataset"))
    learnt = load_examples(dataset, paths.channel("masks"), INSTANCE_PROMPT)
    assert learnt[0].caption == words
    assert len(learnt) == FEWEST_PICTURES
