"""Reading a dataset: every bad file is named, and masks and captions belong to their pictures."""

import json
from pathlib import Path
from unicodedata import normalize

import numpy as np
import pytest
from PIL import Image

from atelier_training.data.examples import Example, load_class_examples, load_examples, opened
from atelier_training.data.masking import Masking
from atelier_training.data.pictures import DatasetFolder, read_mask
from contracts.errors import InvalidInputError
from imaging.conventions import polarity_note
from imaging.masks import Mask, to_image
from imaging.pictures import UnreadablePictureError
from tests.unit.mask_files import CONTENTS, FILES, is_of, wrong
from tests.unit.training_root import PROMPT, garment, write_dataset, write_masking, write_segment


def examples(dataset: Path, masks: Path) -> list[Example]:
    return list(opened(load_examples(DatasetFolder.read(dataset), masks, PROMPT)))


def refused(dataset: Path) -> str:
    with pytest.raises(InvalidInputError) as caught:
        DatasetFolder.read(dataset).check()
    return str(caught.value)


def held_out(dataset: Path, mask_size: tuple[int, int] = (48, 64)) -> None:
    """Two photos to judge by, the first with a person's mask."""
    (dataset / "evaluation/masks").mkdir(parents=True)
    for name in ("a", "b"):
        garment(1)[0].save(dataset / f"evaluation/{name}.jpg")
    Image.new("L", mask_size, 255).save(dataset / "evaluation/masks/a.png")


def cut(path: Path) -> None:
    """Keep the first half of a file."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def test_only_pictures_at_the_root_are_learnt_and_the_rest_is_named(tmp_path: Path) -> None:
    write_dataset(tmp_path, with_masks=True)
    held_out(tmp_path)
    (tmp_path / "notes.md").write_text("hello")
    (tmp_path / "masks/.DS_Store").write_text("hello")
    dataset = DatasetFolder.read(tmp_path)
    assert list(dataset.files.pictures) == [f"skirt-{index}.png" for index in range(4)]
    assert dataset.notes("inpaint", prior=False) == ["1 file is not used: notes.md"]


def test_two_pictures_that_would_share_a_mask_are_refused(tmp_path: Path) -> None:
    write_dataset(tmp_path)
    garment(0)[0].save(tmp_path / "skirt-1.jpg")
    assert "skirt-1" in refused(tmp_path)


def test_all_unreadable_pictures_are_named_not_only_the_first(tmp_path: Path) -> None:
    write_dataset(tmp_path)
    (tmp_path / "notes.jpg").write_text("milk, bread")
    (tmp_path / "cut.png").write_bytes((tmp_path / "skirt-0.png").read_bytes()[:80])
    with pytest.raises(UnreadablePictureError, match=r"cut\.png, notes\.jpg: got"):
        DatasetFolder.read(tmp_path).check()


def test_every_bad_picture_photo_and_mask_is_named_at_once(tmp_path: Path) -> None:
    write_dataset(tmp_path, 5, with_masks=True)
    held_out(tmp_path, mask_size=(10, 10))
    for name in ("skirt-0.png", "masks/skirt-0.png", "masks/skirt-1.png", "evaluation/b.jpg"):
        cut(tmp_path / name)
    Image.new("L", (50, 64), 255).save(tmp_path / "masks/skirt-2.png")
    Image.new("L", (48, 64)).save(tmp_path / "masks/skirt-3.png")
    message = refused(tmp_path)
    assert message.startswith("3 problems: ")
    for names in (
        "skirt-0.png, mask masks/skirt-0.png, mask masks/skirt-1.png, evaluation/b.jpg: got",
        "mask masks/skirt-2.png, mask evaluation/masks/a.png: got '50x64 pixels, and its picture 48x64'",
        "mask masks/skirt-3.png: got 'no white pixel: the nearest to it is 0.0% white'",
    ):
        assert names in message


def test_what_looks_wrong_or_is_ignored_but_can_be_used_is_said(tmp_path: Path) -> None:
    write_dataset(tmp_path, with_masks=True)
    Image.fromarray(~garment(1)[1]).save(tmp_path / "masks/skirt-1.png")
    for name in ("skirt-2.png", "skirt-3.png"):
        picture = garment(0)[0]
        picture.putalpha(Image.new("L", picture.size, 128))
        picture.save(tmp_path / name)
    (swapped, transparent) = DatasetFolder.read(tmp_path).check()
    assert swapped.startswith("mask masks/skirt-1.png: the mask repaints")
    assert transparent == "transparent parts count as white in skirt-2.png, skirt-3.png"


def test_a_heic_photo_and_a_webp_are_pictures_as_any(tmp_path: Path) -> None:
    write_dataset(tmp_path)
    garment(0)[0].save(tmp_path / "IMG_0001.HEIC", format="HEIF", quality=95)
    garment(1)[0].save(tmp_path / "b.webp", lossless=True)
    dataset = DatasetFolder.read(tmp_path)
    assert dataset.check() == []
    pictures = dict(dataset.decoded(dataset.files.pictures))
    assert pictures["IMG_0001.HEIC"].size == pictures["b.webp"].size == garment(0)[0].size


def test_the_reason_names_hundreds_of_bad_files_and_still_says_what_is_wrong(tmp_path: Path) -> None:
    for index in range(300):
        (tmp_path / f"{index:03}.png").write_bytes(b"text")
    message = refused(tmp_path)
    assert "000.png, 001.png" in message
    assert "and 250 more: got" in message
    assert len(message) < 1024


def test_three_pictures_are_too_few(tmp_path: Path) -> None:
    write_dataset(tmp_path, 3)
    assert "got 3; allowed: 4 to 500" in refused(tmp_path)


def test_too_few_masked_pictures_are_refused(tmp_path: Path) -> None:
    write_dataset(tmp_path / "dataset", 4)
    write_masking(tmp_path / "masks", 3)
    with pytest.raises(InvalidInputError, match="got '3 pictures'; allowed: at least 4"):
        examples(tmp_path / "dataset", tmp_path / "masks")


@pytest.mark.parametrize("folder", ["", "evaluation/"])
def test_a_persons_mask_is_found_however_the_name_is_spelt(tmp_path: Path, folder: str) -> None:
    write_dataset(tmp_path)
    (tmp_path / folder / "masks").mkdir(parents=True, exist_ok=True)
    picture, mask = f"{folder}{normalize('NFD', '치마 0')}.png", f"{folder}masks/치마 0.png"
    garment(0)[0].save(tmp_path / picture)
    Image.fromarray(garment(0)[1]).save(tmp_path / mask)
    dataset = DatasetFolder.read(tmp_path)
    read = dataset.mask(picture, (48, 64))
    assert read is not None
    assert np.array_equal(read, garment(0)[1])
    assert dataset.mask("skirt-0.png", (48, 64)) is None


def test_a_mask_of_nothing_is_refused(tmp_path: Path) -> None:
    Image.new("L", (8, 8)).save(tmp_path / "mask.png")
    with pytest.raises(InvalidInputError, match="no white pixel"):
        read_mask(tmp_path / "mask.png", (8, 8), name="mask.png")
    Image.new("RGBA", (8, 8), (255, 255, 255, 250)).save(tmp_path / "mask.png")
    with pytest.raises(InvalidInputError, match="no transparent pixel"):
        read_mask(tmp_path / "mask.png", (8, 8), name="mask.png", convention="transparent")


@pytest.mark.parametrize("convention", ["white", "transparent"])
def test_a_datasets_masks_are_read_by_its_convention_or_refused_with_the_key_that_says_it(
    tmp_path: Path, convention: str
) -> None:
    picture, shape = garment(1)
    kinds = {f"{content}, {file}": (content, file) for content in CONTENTS for file in FILES}
    for folder in ("", "evaluation/"):
        (tmp_path / folder / "masks").mkdir(parents=True)
        for name, (content, file) in kinds.items():
            picture.save(tmp_path / folder / f"{name}.png")
            (tmp_path / folder / "masks" / f"{name}.png").write_bytes(FILES[file](CONTENTS[content](shape)))
    (tmp_path / "dataset_info.json").write_text(json.dumps({"mask_convention": convention}))
    dataset = DatasetFolder.read(tmp_path)
    for name in (*dataset.files.pictures, *dataset.files.photos):
        mask = read(dataset, name)
        if isinstance(mask, InvalidInputError):
            assert f"dataset_info.json's mask_convention {convention}" in mask.allowed
            assert not is_of(convention, *kinds[Path(name).stem])
        else:
            assert wrong(mask, shape) < 0.03 or polarity_note(to_image(mask), convention=convention), name


def read(dataset: DatasetFolder, name: str) -> Mask | InvalidInputError:
    try:
        mask = dataset.mask(name, garment(1)[0].size)
    except InvalidInputError as error:
        return error
    assert mask is not None
    return mask


def test_a_mask_whose_meaning_is_swapped_is_remarked_on_in_the_words_of_its_convention(tmp_path: Path) -> None:
    write_dataset(tmp_path)
    (tmp_path / "dataset_info.json").write_text('{"mask_convention": "transparent"}')
    cutout, shape = garment(1)
    cutout.putalpha(to_image(shape))
    cutout.save(tmp_path / "masks/skirt-1.png")
    (note,) = DatasetFolder.read(tmp_path).check()
    assert note.startswith("mask masks/skirt-1.png: the mask repaints 87% of the picture and 100% of its border")
    assert "swap transparent and opaque" in note


def test_examples_have_their_masks_and_captions(tmp_path: Path) -> None:
    write_dataset(tmp_path / "dataset", 5)
    write_masking(tmp_path / "masks", 4)
    caption = {"file_name": "skirt-2.png", "text": "sks skirt from behind"}
    (tmp_path / "dataset/captions.jsonl").write_text(json.dumps(caption) + "\n\n")
    (tmp_path / "dataset/skirt-3.txt").write_text("sks skirt, red\n")
    read = examples(tmp_path / "dataset", tmp_path / "masks")
    assert [example.name for example in read] == [f"skirt-{index}.png" for index in range(4)]
    assert [example.caption for example in read] == [PROMPT, PROMPT, "sks skirt from behind", "sks skirt, red"]
    assert np.array_equal(read[3].mask, garment(3)[1])


def test_a_broken_caption_line_is_named(tmp_path: Path) -> None:
    write_dataset(tmp_path)
    (tmp_path / "captions.jsonl").write_text('{"file_name": "skirt-0.png"\n')
    assert "captions.jsonl line 1" in refused(tmp_path)


def test_masks_of_another_dataset_are_refused(tmp_path: Path) -> None:
    write_dataset(tmp_path / "dataset", 4)
    write_masking(tmp_path / "masks", 6)
    with pytest.raises(InvalidInputError, match=r"a mask for skirt-4\.png"):
        examples(tmp_path / "dataset", tmp_path / "masks")


def test_segment_json_reads_back_as_written(tmp_path: Path) -> None:
    write_masking(tmp_path)
    written = Masking.read(tmp_path)
    assert written.mask_score == 0.9
    assert [each.name for each in written.pictures] == [f"skirt-{index}.png" for index in range(4)]
    with pytest.raises(InvalidInputError, match="no such file"):
        Masking.read(tmp_path / "masks")


def with_class_pictures(folder: Path, count: int = 20) -> DatasetFolder:
    write_dataset(folder)
    (folder / "class_data_dir").mkdir()
    for index in range(count):
        garment(index % 5)[0].save(folder / f"class_data_dir/{index:02}.png")
    return DatasetFolder.read(folder)


def test_class_pictures_of_ones_own_are_used_where_the_prior_is_preserved_else_a_note_says_so(tmp_path: Path) -> None:
    dataset = with_class_pictures(tmp_path)
    write_segment(tmp_path / "segment", "text-to-image")
    assert len(load_examples(dataset, tmp_path / "segment", PROMPT)) == 4
    assert dataset.notes("inpaint", prior=True) == []
    (note,) = dataset.notes("inpaint", prior=False)
    assert note == "class_data_dir/ is not used, because with_prior_preservation is false"
    loaded = load_class_examples(dataset, tmp_path / "segment", "a skirt")
    assert [each.name for each in loaded] == [f"class_data_dir/{index:02}.png" for index in range(20)]
    assert {each.caption for each in loaded} == {"a skirt"}


def test_a_broken_class_picture_is_named_before_a_training(tmp_path: Path) -> None:
    with_class_pictures(tmp_path)
    cut(tmp_path / "class_data_dir/07.png")
    assert "class_data_dir/07.png" in refused(tmp_path)
