"""imaging.segmenter: where the mask lies, what cleans it, and when there is none; the model is one that finds red."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from contracts.errors import InvalidInputError
from imaging.segmenter import GarmentNotFoundError, Segmenter
from tests.unit.miniatures import save_segmenter
from tests.unit.picture_files import same

SIDE = 256


class RedFinder:
    """Stands where CLIPSeg stands: a logit of +4 on pixels of the words' colour, -4 elsewhere; a skirt is red, a shirt blue."""

    device = torch.device("cpu")
    config = SimpleNamespace(text_config=SimpleNamespace(max_position_embeddings=16))
    extract_layers = (0,)

    def __init__(self) -> None:
        self.clip = self
        self.encoded = 0

    def get_image_features(self, *, pixel_values: torch.Tensor, output_hidden_states: bool) -> Any:
        assert output_hidden_states
        self.encoded += 1
        return SimpleNamespace(hidden_states=(None, pixel_values.flatten(2)))

    def get_conditional_embeddings(self, *, input_ids: torch.Tensor, **_: Any) -> torch.Tensor:
        return input_ids[:, 0]

    def decoder(self, activations: list[torch.Tensor], embeddings: torch.Tensor) -> Any:
        rows = []
        for pixels, word in zip(activations[0], embeddings.tolist(), strict=True):
            high, low = {1: (0, 2), 2: (2, 0)}.get(word, (0, 0))
            rows.append(torch.where((pixels[high] > 0.75) & (pixels[low] < 0.25), 4.0, -4.0))
        return SimpleNamespace(logits=torch.stack(rows))


class Words:
    """A tokenizer that knows every word."""

    def __call__(self, words: list[str], **_: Any) -> dict[str, torch.Tensor]:
        known = torch.tensor([[1 if "skirt" in text else 2 if "shirt" in text else 0] for text in words])
        return {"input_ids": known, "attention_mask": torch.ones_like(known)}


@pytest.fixture
def segmenter() -> Segmenter:
    return Segmenter(RedFinder(), Words(), side=SIDE, mean=[0, 0, 0], std=[1, 1, 1])


def photo(size: tuple[int, int], *boxes: tuple[int, int, int, int]) -> Image.Image:
    image = Image.new("RGB", size, "gray")
    for box in boxes:
        image.paste("red", box)
    return image


def outfit() -> Image.Image:
    """A blue shirt over a red skirt."""
    image = photo((256, 256), (64, 140, 192, 220))
    image.paste("blue", (64, 40, 192, 120))
    return image


def overlap(mask: Image.Image, box: tuple[int, int, int, int]) -> float:
    got = np.asarray(mask) == 255
    wanted = np.zeros_like(got)
    wanted[box[1] : box[3], box[0] : box[2]] = True
    return float((got & wanted).sum() / (got | wanted).sum())


@pytest.mark.parametrize("size", [(300, 300), (200, 300), (301, 177), (1_900, 1_200)])
def test_the_mask_lies_on_the_garment_whatever_the_aspect(segmenter: Segmenter, size: tuple[int, int]) -> None:
    width, height = size
    box = (width // 3, height // 2, 2 * width // 3, height * 4 // 5)
    found = segmenter.mask(photo(size, box), "a skirt", grow=0)
    assert found.mask.size == size
    assert found.mask.mode == "L"
    assert overlap(found.mask, box) > 0.85
    assert found.area == pytest.approx((box[2] - box[0]) * (box[3] - box[1]) / (width * height), rel=0.15)


def test_the_score_is_the_probability_inside_the_mask(segmenter: Segmenter) -> None:
    found = segmenter.mask(photo((128, 128), (30, 30, 90, 90)), "a skirt", grow=0)
    assert 0.9 < found.score <= 1 / (1 + np.exp(-4)) + 1e-6


def test_specks_are_no_part_of_the_mask(segmenter: Segmenter) -> None:
    garment = (30, 30, 90, 90)
    found = segmenter.mask(photo((128, 128), garment, (110, 110, 120, 120)), "a skirt", grow=0)
    assert overlap(found.mask, garment) > 0.9
    assert np.asarray(found.mask)[105:, 105:].max() == 0


def test_growing_is_in_pixels_of_the_picture(segmenter: Segmenter) -> None:
    picture = photo((256, 256), (64, 64, 192, 192))
    plain, grown, shrunk = (np.asarray(segmenter.mask(picture, "a skirt", grow=g).mask)[128] for g in (0, 9, -9))
    assert grown.sum() - plain.sum() == 2 * 9 * 255
    assert plain.sum() - shrunk.sum() == 2 * 9 * 255


def test_by_default_the_mask_grows_a_little_with_its_size(segmenter: Segmenter) -> None:
    picture = photo((256, 256), (56, 56, 200, 200))
    plain, default = (np.asarray(segmenter.mask(picture, "a skirt", grow=g).mask)[128] for g in (0, None))
    assert default.sum() - plain.sum() == 2 * 3 * 255


def test_what_is_not_there_is_said_with_its_best_score(segmenter: Segmenter) -> None:
    with pytest.raises(GarmentNotFoundError, match=r"garment 'a hat'.*0\.02.*mask of your own") as caught:
        segmenter.mask(photo((64, 64), (10, 10, 50, 50)), "a hat")
    assert caught.value.target == "a hat"
    assert caught.value.score < caught.value.threshold


class Hasty(RedFinder):
    """Takes red for a garment unless it fills much of what it looks at: sure from afar, not from near."""

    def decoder(self, activations: list[torch.Tensor], embeddings: torch.Tensor) -> Any:
        logits = super().decoder(activations, embeddings).logits
        return SimpleNamespace(logits=logits if (logits > 0).float().mean() < 0.1 else torch.full_like(logits, -6.0))


def test_what_only_the_first_look_is_sure_of_is_kept_with_its_score() -> None:
    hasty = Segmenter(Hasty(), Words(), side=SIDE, mean=[0, 0, 0], std=[1, 1, 1])
    garment = (200, 200, 300, 300)
    found = hasty.mask(photo((512, 512), garment), "a skirt", grow=0)
    assert overlap(found.mask, garment) > 0.9
    assert found.score > 0.9


def test_a_few_stray_pixels_are_no_garment(segmenter: Segmenter) -> None:
    with pytest.raises(GarmentNotFoundError):
        segmenter.mask(photo((1_000, 1_000), (500, 500, 520, 520)), "a skirt")


def test_a_picture_is_encoded_once_for_all_that_is_looked_for_in_it() -> None:
    finder = RedFinder()
    segmenter = Segmenter(finder, Words(), side=SIDE, mean=[0, 0, 0], std=[1, 1, 1])
    things = ["a skirt", "a shirt", "a hat"]
    (together,) = segmenter.any_of(segmenter.squared(outfit()), [things], shape=outfit().size, size=outfit().size)
    assert finder.encoded == 1
    assert np.array_equal(together, np.maximum.reduce([segmenter.probability(outfit(), thing) for thing in things]))


@pytest.mark.parametrize("size", [(64, 64), (90, 50), (31, 90)])
def test_any_of_some_things_is_the_likeliest_of_each_alone(tmp_path: Path, size: tuple[int, int]) -> None:
    save_segmenter(tmp_path)
    loaded, things = Segmenter.load(tmp_path), ["a skirt", "a very long skirt " * 40, "trousers"]
    picture = photo(size, (10, 20, 30, 40))
    likeliest = np.maximum.reduce([loaded.probability(picture, thing) for thing in things])
    squared = loaded.squared(picture)
    (together,) = loaded.any_of(squared, [things], shape=size, size=size)
    assert together == pytest.approx(likeliest, abs=1e-4)
    halves = size[0] // 2, size[1] // 2
    (coarse,) = loaded.any_of(squared, [things], shape=size, size=halves)
    assert coarse.shape == halves[::-1]


def test_a_saved_model_folder_is_loaded(tmp_path: Path) -> None:
    save_segmenter(tmp_path)
    probability = Segmenter.load(tmp_path).probability(photo((90, 50), (20, 20, 40, 40)), "a skirt")
    assert probability.shape == (50, 90)
    assert 0 <= probability.min() < probability.max() <= 1


def test_words_past_the_models_length_are_cut_and_not_an_error(tmp_path: Path) -> None:
    save_segmenter(tmp_path)
    assert Segmenter.load(tmp_path).probability(photo((32, 32)), "a very long skirt " * 40).shape == (32, 32)


@pytest.mark.parametrize("words", ["a skirt and a shirt", "skirt, shirt", "shirt & skirt", "치마와 셔츠"])
def test_several_things_are_masked_together(segmenter: Segmenter, words: str) -> None:
    found = segmenter.mask(outfit(), words, grow=0)
    mask = np.asarray(found.mask) == 255
    assert mask[160:200, 80:176].all()
    assert mask[60:100, 80:176].all()
    assert not mask[124:136].any()
    skirt, shirt = (segmenter.mask(outfit(), thing, grow=0) for thing in ("a skirt", "a shirt"))
    assert found.area == pytest.approx(skirt.area + shirt.area)
    assert min(skirt.score, shirt.score) <= found.score <= max(skirt.score, shirt.score)


def test_a_thing_that_is_missing_among_several_is_named(segmenter: Segmenter) -> None:
    with pytest.raises(GarmentNotFoundError, match=r"garment 'a hat' in .*other words \(skirt, trousers"):
        segmenter.mask(outfit(), "a skirt and a hat")


def test_a_garments_korean_name_masks_it(segmenter: Segmenter) -> None:
    korean, spoken = (segmenter.mask(outfit(), words, grow=0).mask for words in ("치마", "a skirt"))
    assert same(korean, spoken)


@pytest.mark.parametrize("words", ["юбка", "スカート", "👗"])
def test_words_that_no_segmenter_reads_are_refused(segmenter: Segmenter, words: str) -> None:
    with pytest.raises(InvalidInputError, match=r"words in English, such as skirt, trousers"):
        segmenter.mask(outfit(), words)


class Taught(Words):
    """A tokenizer of few words: any other falls into letters, as the tiny family's does."""

    def __call__(self, words: list[str], **options: Any) -> dict[str, Any]:
        if options.get("add_special_tokens", True):
            return super().__call__(words)
        return {"input_ids": [[1] if word in ("skirt", "shirt", "person") else list(word) for word in words]}


@pytest.mark.parametrize("words", ["an elephant", "xyzzy", "a red hat", "a skirt and an elephant"])
def test_things_that_a_segmenter_has_no_word_for_are_not_found_whatever_it_would_mask(words: str) -> None:
    taught = Segmenter(RedFinder(), Taught(), side=SIDE, mean=[0, 0, 0], std=[1, 1, 1])
    with pytest.raises(GarmentNotFoundError, match=r"was not taught.*other words \(skirt, shirt, …\)"):
        taught.mask(outfit(), words)
    assert taught.mask(outfit(), "a floral skirt").area > 0.1


def test_the_tiny_segmenter_was_taught_garments_and_no_elephants(root: Path) -> None:
    tiny = Segmenter.load(root / "models/tiny/weights/clipseg")
    assert {"skirt", "trousers", "shirt", "dress"} <= set(tiny.known_garments)
    picture = Image.open(root / "models/tiny/sample/photos/street-01.png").convert("RGB")
    for words in ("an elephant", "xyzzy", "jupe"):
        with pytest.raises(GarmentNotFoundError, match="was not taught"):
            tiny.mask(picture, words)
    assert same(tiny.mask(picture, "치마").mask, tiny.mask(picture, "a skirt").mask)
    skirt, dressed = tiny.mask(picture, "a skirt"), tiny.mask(picture, "a skirt and a top")
    assert dressed.area > 1.3 * skirt.area
