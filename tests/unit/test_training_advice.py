"""What is said of pictures before anything is learnt from them: each fault planted, and nothing said of good ones."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageFilter

from atelier_training.arguments import parser
from atelier_training.data.picture_advice import advise, alike
from atelier_training.data.picture_facts import PictureFacts
from atelier_training.engine.interruption import Interruption
from atelier_training.jobs import segment
from atelier_training.paths import MlPaths
from contracts.advice import Advice, DatasetAdvice
from contracts.errors import InvalidInputError
from imaging.masks import Mask
from tests.unit.training_root import garment, write_dataset

ROOT = Path(__file__).parents[2] / "models/tiny/sample"
RESOLUTION = 64


def sample(count: int = 12) -> list[tuple[str, Image.Image, Mask]]:
    """Good pictures of one garment, and the garment's true place."""
    names = [f"skirt-{index:02}" for index in range(1, count + 1)]
    return [
        (
            f"{name}.png",
            Image.open(ROOT / f"dataset/{name}.png").convert("RGB"),
            np.asarray(Image.open(ROOT / f"truth/{name}.png").convert("L")) >= 128,
        )
        for name in names
    ]


def advised(
    pictures: Sequence[tuple[str, Image.Image, Mask | None]], resolution: int = RESOLUTION
) -> dict[str, Advice]:
    facts = [PictureFacts.of(name, picture, mask, resolution=resolution) for name, picture, mask in pictures]
    masked = pictures[0][2] is not None
    found = advise(facts, masked=masked, resolution=resolution)
    assert [each.level for each in found] == sorted((each.level for each in found), reverse=True), "warnings first"
    return {each.matter: each for each in found}


def test_of_good_pictures_nothing_is_said_but_that_people_are_in_them() -> None:
    found = advised(sample())
    assert {*found} == {"people"}
    assert found["people"].level == "note"
    assert len(found["people"].pictures) == 12


def test_who_wears_a_garment_is_learnt_where_whole_pictures_are() -> None:
    found = advised([(name, picture, None) for name, picture, _ in sample()])
    assert {*found} == {"people"}
    assert found["people"].level == "warning"


def test_few_pictures_are_said_to_be_few() -> None:
    assert "count" not in advised(sample(8))
    assert "only 7 pictures" in str(advised(sample(7))["count"])


def test_blurred_pictures_are_named() -> None:
    pictures = sample()
    for index in (2, 5):
        name, picture, mask = pictures[index]
        pictures[index] = name, picture.filter(ImageFilter.GaussianBlur(5)), mask
    assert advised(pictures)["blur"].pictures == ("skirt-03.png", "skirt-06.png")


def test_a_large_photo_is_sharp_where_it_is_so_at_the_size_that_is_learnt() -> None:
    pictures = [
        (name, picture.resize((1024, 1024)), np.kron(mask, np.ones((8, 8), np.bool_)))
        for name, picture, mask in sample()
    ]
    assert "blur" not in advised(pictures)
    assert len(advised(pictures, resolution=512)["blur"].pictures) == 12, "enlarged eight times, seen at four"


def test_pictures_smaller_than_the_model_paints_are_named_with_the_least() -> None:
    pictures = sample()
    name, picture, mask = pictures[3]
    pictures[3] = name, picture.resize((48, 48)), mask[::2, ::2][:48, :48]
    size = advised(pictures)["size"]
    assert size.pictures == (name,)
    assert "64 pixels" in size.found
    assert "at least 48" in size.found


def test_one_picture_saved_several_times_is_told_as_a_group() -> None:
    pictures = sample()
    (name, picture, mask), other = pictures[0], pictures[4]
    pictures += [
        ("again.png", ImageEnhance.Brightness(picture).enhance(1.1), mask),
        ("smaller.png", picture.resize((96, 96)), np.asarray(Image.fromarray(mask).resize((96, 96)))),
        ("copy.png", other[1], other[2]),
    ]
    duplicates = advised(pictures)["duplicates"]
    assert "again.png = skirt-01.png = smaller.png" in duplicates.found
    assert {*duplicates.pictures} == {name, "again.png", "smaller.png", other[0], "copy.png"}


def test_what_looks_like_two_that_do_not_look_alike_is_one_group_with_both() -> None:
    def facts(name: str, look: int) -> PictureFacts:
        return PictureFacts(name=name, pixels=name, look=look, garment=look, side=64, part=0.6, blur=0.2, skin=0.0)

    ones = 2**20 - 1
    groups = alike([facts("a", 0), facts("c", ones ^ (ones << 40)), facts("far", 2**100 - 1), facts("b", ones)])
    assert [[each.name for each in group] for group in groups] == [["a", "b", "c"]]


def test_a_garment_of_few_pixels_in_what_the_model_sees_is_said_to_be_small() -> None:
    found = advised(sample(), resolution=128)
    assert "garment" not in found, "a quarter and more"
    pictures = sample()
    name, picture, mask = pictures[1]
    pictures[1] = name, picture, np.logical_and(mask, np.add.outer(np.arange(128), np.zeros(128)) < 80)
    tiny = np.zeros((128, 128), dtype=np.bool_)
    tiny[60:70, 60:70] = True
    pictures[1] = name, picture, tiny
    assert advised(pictures)["garment"].pictures == (name,)


def test_one_side_alone_is_noticed_where_the_garment_is_moved_and_lit_otherwise() -> None:
    _, picture, mask = sample(1)[0]
    views = [
        (
            f"{index}.png",
            ImageEnhance.Brightness(
                picture.transform(picture.size, Image.Transform.AFFINE, (1, 0, step, 0, 1, 0))
            ).enhance(1 + step / 30),
            np.roll(mask, -step, axis=1),
        )
        for index, step in enumerate(range(-8, 9, 2))
    ]
    assert "from one side" in advised(views)["view"].found


def test_too_few_different_pictures_end_the_step_before_anything_is_paid(tmp_path: Path) -> None:
    paths = MlPaths(root=tmp_path)
    dataset = paths.processing_input("dataset")
    write_dataset(dataset, 4)
    (dataset / "skirt-3.png").write_bytes((dataset / "skirt-0.png").read_bytes())
    with pytest.raises(InvalidInputError, match="4 files with 3 different"):
        segment.run(parser().parse_args(["segment", "--task=text-to-image"]), paths, Interruption())
    garment(3)[0].save(dataset / "skirt-3.png")
    segment.run(parser().parse_args(["segment", "--task=text-to-image", "--resolution=64"]), paths, Interruption())
    advice = DatasetAdvice.read(paths.processing_output("segment")).advice
    assert advice[0].matter == "count"
    assert str(advice[0]) in paths.message.read_text()


def test_a_run_that_began_before_there_was_advice_has_none(tmp_path: Path) -> None:
    assert DatasetAdvice.read(tmp_path) == DatasetAdvice()
