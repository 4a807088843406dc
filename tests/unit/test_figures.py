"""models.tiny.make: drawn figures, their label maps and captions, the tokenizer and the shards they fill."""

import json
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from transformers import CLIPTokenizer

from models.tiny.make import sample, shards, tokenizer
from models.tiny.make.captions import garment_caption, outfit_caption
from models.tiny.make.figures import Drawing, draw, drawings
from models.tiny.make.palette import COLOURS, HELD_OUT_COLOURS
from models.tiny.make.sample import photo_drawings, style_drawings
from models.tiny.make.textures import HELD_OUT_PATTERNS, PATTERNS, coverage
from models.tiny.make.wardrobe import LABELS, Garment, Outfit, random_outfit


@pytest.fixture(scope="module")
def figures() -> list[Drawing]:
    return list(drawings(seed=5, count=40))


def test_a_seed_draws_the_same_figure_every_time(figures: list[Drawing]) -> None:
    again = list(drawings(seed=5, count=3))
    assert all(a.image.tobytes() == b.image.tobytes() for a, b in zip(again, figures, strict=False))
    assert all(a.outfit == b.outfit for a, b in zip(again, figures, strict=False))
    assert next(drawings(seed=6, count=1)).image.tobytes() != figures[0].image.tobytes()


def test_every_worn_garment_and_the_person_are_in_the_label_map(figures: list[Drawing]) -> None:
    for figure in figures:
        assert figure.labels.shape == (192, 192)
        for part in ("background", "skin", "hair", "shoes", *(g.kind for g in figure.outfit.garments)):
            assert figure.mask(part).sum() > 20, f"{part} is missing from {figure.outfit}"


def test_labels_name_nothing_that_is_not_worn(figures: list[Drawing]) -> None:
    for figure in figures:
        worn = {g.kind for g in figure.outfit.garments}
        seen = {LABELS[value] for value in np.unique(figure.labels)} - {"background", "skin", "hair", "shoes"}
        assert seen == worn


def test_a_plain_garment_has_its_named_colour() -> None:
    for name, rgb in COLOURS.items():
        skirt = Garment(kind="skirt", colour=name, pattern="plain", length="long")
        top = Garment(kind="top", colour="grey", pattern="plain")
        figure = draw(Outfit(wearer="woman", garments=(top, skirt)), np.random.default_rng(1))
        seen = np.asarray(figure.image, float)[figure.mask("skirt")].mean(0)
        assert np.abs(seen - rgb).max() < 35, f"{name} looks like {seen}"


@pytest.mark.parametrize("pattern", PATTERNS[1:])
def test_the_named_colour_covers_more_than_the_pattern(pattern: str) -> None:
    y, x = np.mgrid[0:240, 0:240].astype(np.float32)
    assert 0.2 < coverage(pattern, x, y, period=20.0).mean() < 0.45


def test_diagonal_stripes_are_constant_along_one_diagonal_only() -> None:
    y, x = np.mgrid[0:60, 0:60].astype(np.float32)
    cloth = coverage("diagonal", x, y, period=12.0)
    assert np.allclose(cloth[1:, :-1], cloth[:-1, 1:], atol=1e-4)
    assert np.abs(cloth[1:, 1:] - cloth[:-1, :-1]).max() > 0.5


def test_training_outfits_hold_no_held_out_colour_or_pattern() -> None:
    rng = np.random.default_rng(3)
    garments = [garment for _ in range(400) for garment in random_outfit(rng).garments]
    assert {g.pattern for g in garments} == set(PATTERNS)
    assert {g.colour for g in garments} == set(COLOURS)
    assert not set(PATTERNS) & set(HELD_OUT_PATTERNS)
    assert not set(COLOURS) & set(HELD_OUT_COLOURS)


def test_no_outfit_could_be_taken_for_a_dress() -> None:
    rng = np.random.default_rng(4)
    outfits = [random_outfit(rng).garments for _ in range(300)]
    assert all(len({g.colour for g in garments}) == len(garments) for garments in outfits)


def test_a_described_garment_is_captioned_by_colour_and_pattern() -> None:
    rng = np.random.default_rng(0)
    skirt = Garment(kind="skirt", colour="red", pattern="striped", length="long")
    captions = {garment_caption(skirt, "woman", rng) for _ in range(200)}
    assert {"a long red striped skirt", "a photo of a red striped skirt", "a photo of a skirt"} <= captions
    assert all("striped" in caption for caption in captions if "red" in caption)
    assert any(caption.startswith("a photo of a woman wearing a ") for caption in captions)


def test_short_trousers_are_called_shorts() -> None:
    rng = np.random.default_rng(0)
    shorts = Garment(kind="trousers", colour="blue", pattern="plain", length="short")
    outfit = Outfit(wearer="model", garments=(Garment(kind="top", colour="red", pattern="plain"), shorts))
    assert all("shorts" in outfit_caption(outfit, rng) for _ in range(20))


def test_a_canvas_too_small_to_show_a_figure_is_refused() -> None:
    with pytest.raises(ValueError, match="32x192"):
        draw(random_outfit(np.random.default_rng(0)), np.random.default_rng(0), (32, 192))


def test_the_shipped_sample_is_what_the_generator_makes(tmp_path: Path) -> None:
    sample.make(tmp_path)
    made = sorted(p.relative_to(tmp_path) for p in tmp_path.rglob("*") if p.is_file())
    shipped = sorted(p.relative_to(sample.SAMPLE) for p in sample.SAMPLE.rglob("*") if p.is_file())
    assert made == shipped
    for path in made:
        if path.suffix == ".png":
            fresh, kept = (np.asarray(Image.open(folder / path), np.int16) for folder in (tmp_path, sample.SAMPLE))
            # Libraries may round a pixel's last bit differently on another processor.
            assert np.abs(fresh - kept).mean() < 0.5, path


def test_the_sample_style_is_teal_and_orange_and_photos_are_not() -> None:
    teal, orange = (np.array(HELD_OUT_COLOURS[name]) for name in ("teal", "orange"))

    def share(figure: Drawing) -> float:
        inside = np.asarray(figure.image, float)[figure.mask("skirt")]
        near = [np.linalg.norm(inside - colour, axis=1) < 60 for colour in (teal, orange)]
        return float(np.logical_or(*near).mean())

    assert min(share(figure) for figure in style_drawings()) > 0.8
    assert max(share(figure) for figure in photo_drawings(1, ((128, 128),) * 6)) < 0.1


def test_tokens_are_words_and_an_unknown_word_falls_apart(tmp_path: Path) -> None:
    count = tokenizer.save(tmp_path)
    words = CLIPTokenizer.from_pretrained(tmp_path)
    assert len(words) == count
    known = words.convert_ids_to_tokens(words("a photo of a long red striped skirt").input_ids)
    assert known[1:-1] == [f"{word}</w>" for word in ["a", "photo", "of", "a", "long", "red", "striped", "skirt"]]
    assert len(words("sks").input_ids) > 3
    assert words("", padding="max_length", max_length=8).input_ids[1:] == [words.eos_token_id] * 7


def test_a_shard_holds_picture_labels_and_words_and_repeats_byte_for_byte(tmp_path: Path) -> None:
    paths = []
    for folder in (tmp_path / "first", tmp_path / "second"):
        folder.mkdir()
        paths.append(shards.write_shard(2, folder=folder, pictures=3, seed=9, side=96))
    assert paths[0].read_bytes() == paths[1].read_bytes()
    with tarfile.open(paths[0]) as archive:
        names = archive.getnames()
        member = archive.extractfile("00002-00001.json")
        assert member is not None
        text = json.load(member)
    assert [n for n in names if n.startswith("00002-00001.")] == [
        "00002-00001.png",
        "00002-00001.labels.png",
        "00002-00001.json",
    ]
    assert len(text["captions"]) == 4
    assert {LABELS[region["label"]] for region in text["regions"]} <= {"top", "skirt", "trousers", "dress"}


def test_pictures_that_do_not_fill_shards_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="700 pictures"):
        shards.write(tmp_path, pictures=700, seed=1, shard_size=500)
