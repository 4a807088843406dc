"""atelier_training.data: reading shards, framing views, asking questions."""

import dataclasses
import io
import json
import tarfile
from pathlib import Path

import numpy as np
import pytest

from atelier_training.data.paintings import Painting, painting
from atelier_training.data.questions import ask
from atelier_training.data.sampling import framed_view
from atelier_training.data.scenes import scene
from atelier_training.data.shards import Sample, ShardError, ShardFolder, open_shards
from atelier_training.data.views import CutOut, around, cut, garment_box, garment_mask, grown, random_mask, whole
from atelier_training.learners.pixel_classes import covered
from atelier_training.learners.segmenter import dice_loss
from tests.unit.pretrain_shards import write_shards


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> ShardFolder:
    return open_shards(str(write_shards(tmp_path_factory.mktemp("shards"))))


@pytest.fixture(scope="module")
def samples(data: ShardFolder) -> list[Sample]:
    return [data[number] for number in range(len(data))]


def test_samples_come_from_every_shard_with_picture_labels_and_words(samples: list[Sample]) -> None:
    assert [s.key for s in samples] == [f"0000{shard}-0000{i}" for shard in range(2) for i in range(4)]
    for sample in samples:
        assert sample.image.size == (96, 96)
        assert sample.labels.shape == (96, 96)
        assert all((sample.labels == region.label).any() for region in sample.regions)
        assert all(" wearing " in caption for caption in sample.captions)


def test_the_vocabulary_says_which_labels_answer_a_prompt(data: ShardFolder) -> None:
    vocabulary = data.vocabulary
    assert [vocabulary.labels[i] for i in vocabulary.prompts["pants"]] == ["trousers"]
    assert len(vocabulary.prompts["person"]) == len(vocabulary.labels) - 1


def test_a_folder_without_shards_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ShardError, match="no shard found"):
        open_shards(str(tmp_path))


def test_a_broken_sample_is_named(tmp_path: Path) -> None:
    write_shards(tmp_path)
    with tarfile.open(tmp_path / "broken.tar", "w") as archive:
        for name, content in (("x.png", b"no picture"), ("x.json", json.dumps({"captions": []}).encode())):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    with pytest.raises(ShardError, match=r"broken\.tar: sample x"):
        open_shards(str(tmp_path))[0]


def test_a_garment_box_lies_inside_the_picture_and_holds_the_garment(samples: list[Sample]) -> None:
    rng = np.random.default_rng(0)
    for sample in samples * 5:
        label = sample.regions[0].label
        left, top, right, bottom = garment_box(sample, label, 32, rng)
        assert right - left == bottom - top >= 32
        assert min(left, top) >= 0
        assert max(right, bottom) <= 96
        held = (sample.labels == label)[top:bottom, left:right].sum()
        assert held == (sample.labels == label).sum()


def test_views_are_whole_or_framed_in_the_asked_shares(samples: list[Sample]) -> None:
    rng = np.random.default_rng(0)
    framed = [framed_view(samples[i % 8], 32, rng, garment_share=0.75).region is not None for i in range(200)]
    assert 0.6 < np.mean(framed) < 0.9


def test_a_garment_mask_covers_the_garment_and_grows_little() -> None:
    labels = np.zeros((32, 32), np.uint8)
    labels[10:20, 12:20] = 4
    view = CutOut(pixels=np.zeros((32, 32, 3), np.uint8), labels=labels)
    for seed in range(20):
        mask = garment_mask(view, 4, np.random.default_rng(seed))
        assert mask[10:20, 12:20].all()
        assert not mask[:7].any()
        assert not mask[:, 23:].any()


def test_growing_adds_one_pixel_all_around() -> None:
    mask = np.zeros((5, 6), bool)
    mask[2, 3] = True
    expected = np.zeros((5, 6), bool)
    expected[1:4, 2:5] = True
    assert np.array_equal(grown(mask), expected)


def test_a_box_around_a_mask_is_full_and_close() -> None:
    mask = np.zeros((40, 40), bool)
    mask[15:25, 20] = True
    mask[20, 14:26] = True
    for seed in range(10):
        box = around(mask, np.random.default_rng(seed))
        rows, columns = np.flatnonzero(box.any(1)), np.flatnonzero(box.any(0))
        assert box[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()
        assert not (mask & ~box).any()
        assert len(rows) <= 10 + 4
        assert len(columns) <= 12 + 4


def test_random_masks_are_neither_empty_nor_full() -> None:
    shares = [random_mask(64, np.random.default_rng(seed)).mean() for seed in range(50)]
    assert min(shares) > 0.02
    assert max(shares) < 0.9


def test_paintings_have_every_kind_of_mask_and_sometimes_no_words(samples: list[Sample]) -> None:
    rng = np.random.default_rng(1)
    drawn = [painting(samples[i % 8], 64, rng) for i in range(300)]
    full = np.mean([one.mask.all() for one in drawn])
    wordless = np.mean([one.caption == "" for one in drawn])
    assert 0.12 < full < 0.4
    assert 0.05 < wordless < 0.16
    assert all(one.mask.any() for one in drawn)


def test_a_sample_without_regions_is_painted_whole_or_anywhere(samples: list[Sample]) -> None:
    rng = np.random.default_rng(1)
    plain = dataclasses.replace(samples[0], regions=())
    drawn = [painting(plain, 32, rng) for _ in range(100)]
    assert all(one.view.pixels.shape == (32, 32, 3) for one in drawn)
    assert {one.caption for one in drawn} <= {"", *plain.captions}
    assert 0.3 < np.mean([one.mask.all() for one in drawn]) < 0.7
    assert all(one.mask.any() for one in drawn)


def test_a_share_of_paintings_can_be_from_words_alone(samples: list[Sample]) -> None:
    rng = np.random.default_rng(1)
    drawn = [(samples[i % 8], painting(samples[i % 8], 64, rng, text_share=0.5)) for i in range(300)]
    assert 0.5 < np.mean([one.mask.all() for _, one in drawn]) < 0.75
    always = [(sample, painting(sample, 64, rng, text_share=1)) for sample in samples]
    assert all(one.mask.all() for _, one in always)
    assert all((one.view.pixels == cut(sample, whole(sample), 64).pixels).all() for sample, one in always)


def test_pictures_from_words_alone_are_captioned_by_their_outfit_or_one_garment(samples: list[Sample]) -> None:
    rng = np.random.default_rng(1)
    sample = next(s for s in samples if len(s.regions) == 2)
    garments = {caption for region in sample.regions for caption in region.captions}
    words = [painting(sample, 32, rng, text_share=1).caption for _ in range(300)]
    assert 0.05 < np.mean([word == "" for word in words]) < 0.16
    assert 0.2 < np.mean([word in garments for word in words]) < 0.35
    assert set(words) <= {"", *sample.captions, *garments}
    assert {painting(dataclasses.replace(sample, regions=()), 32, rng, text_share=1).caption for _ in range(50)} <= {
        "",
        *sample.captions,
    }


def test_what_is_kept_and_the_ground_of_a_whole_new_picture_weigh_a_tenth() -> None:
    labels = np.zeros((5, 5), np.uint8)
    labels[2, 2] = 3
    view = CutOut(pixels=np.zeros((5, 5, 3), np.uint8), labels=labels)
    new = Painting(view=view, mask=np.ones((5, 5), np.bool_), caption="").weights
    expected = np.full((5, 5), 0.1, np.float32)
    expected[1:4, 1:4] = 1
    np.testing.assert_array_equal(new, expected)
    row = np.zeros((5, 5), np.bool_)
    row[0] = True
    kept = Painting(view=view, mask=row, caption="").weights
    np.testing.assert_array_equal(kept, np.where(row, np.float32(1), np.float32(0.1)))


def test_scenes_keep_picture_and_labels_together(samples: list[Sample]) -> None:
    for seed in range(10):
        drawn = scene(samples[seed % 8], 48, np.random.default_rng(seed))
        assert drawn.pixels.shape == (48, 48, 3)
        assert drawn.labels.shape == (96, 96)
        assert 0 <= drawn.pixels.min() <= drawn.pixels.max() <= 1
        region = samples[seed % 8].regions[0].label
        assert (drawn.labels == region).mean() > 0.005


def test_some_scenes_are_close_views_of_shoes(samples: list[Sample], data: ShardFolder) -> None:
    shoes = data.vocabulary.labels.index("shoes")
    whole = max((sample.labels == shoes).mean() for sample in samples)
    shares = [(scene(samples[seed % 8], 48, np.random.default_rng(seed)).labels == shoes).mean() for seed in range(80)]
    close = np.mean(np.array(shares) > 3 * whole)
    assert 0.04 < close < 0.4


def test_each_garment_is_asked_for_about_as_often_where_it_is_as_where_it_is_not(
    data: ShardFolder, samples: list[Sample]
) -> None:
    rng = np.random.default_rng(0)
    asked: dict[int, list[bool]] = {data.vocabulary.labels.index(name): [] for name in ("skirt", "dress", "trousers")}
    # One figure of each outfit, as often as data has them: skirts 45 %, trousers 30 %, dresses 25 %.
    outfits = {region.label: sample for sample in samples for region in sample.regions}
    for label, count in zip(asked, (450, 250, 300), strict=True):
        if label not in outfits:
            continue
        present = frozenset(np.unique(outfits[label].labels).tolist())
        for _ in range(3 * count):
            question = ask(outfits[label], present, data.vocabulary, rng)
            if question.labels in [(known,) for known in asked]:
                asked[question.labels[0]].append(question.labels[0] in present)
    shares = [float(np.mean(answers)) for label, answers in asked.items() if label in outfits]
    assert len(shares) >= 2
    assert all(0.3 < share < 0.75 for share in shares), shares


def test_some_questions_are_about_what_is_absent_and_some_use_captions(
    data: ShardFolder, samples: list[Sample]
) -> None:
    sample = samples[0]
    present = frozenset(np.unique(sample.labels).tolist())
    rng = np.random.default_rng(0)
    questions = [ask(sample, present, data.vocabulary, rng) for _ in range(400)]
    absent = [q for q in questions if not present.intersection(q.labels)]
    assert 0.3 < len(absent) / 400 < 0.5
    worn = {caption for region in sample.regions for caption in region.captions}
    assert any(q.prompt in worn for q in questions)
    assert all(q.prompt not in worn or present.intersection(q.labels) for q in questions)


def test_coverage_is_the_share_of_a_pixel(samples: list[Sample]) -> None:
    drawn = scene(samples[0], 48, np.random.default_rng(0))
    coverage = covered([drawn], 8)
    assert coverage.shape == (1, 8, 48, 48)
    assert coverage.sum(1).allclose(coverage.new_ones(1, 48, 48))
    label = samples[0].regions[0].label
    assert coverage[0, label, :, :].mean().item() == pytest.approx((drawn.labels == label).mean(), abs=1e-4)


def test_dice_is_zero_for_a_perfect_mask_and_for_a_rightly_empty_one() -> None:
    import torch

    truth = torch.zeros(2, 4, 4)
    truth[0, 1:3] = 1
    assert dice_loss(truth, truth).tolist() == [0.0, 0.0]
    assert dice_loss(1 - truth, truth)[0] > 0.9
