"""Reading a dataset: every bad picture is named, and masks belong to their pictures."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from atelier_training.data.examples import load_examples
from atelier_training.data.masking import Masking
from atelier_training.data.pictures import picture_files, read_mask, read_pictures, require_enough, user_mask
from contracts.errors import InvalidInputError
from imaging.pictures import UnreadablePictureError
from tests.unit.training_root import PROMPT, garment, write_dataset, write_masking


def test_only_pictures_at_the_root_count(tmp_path: Path) -> None:
    write_dataset(tmp_path, with_masks=True)
    (tmp_path / "notes.txt").write_text("hello")
    assert [path.name for path in picture_files(tmp_path)] == [f"skirt-{index}.png" for index in range(4)]


def test_two_pictures_that_would_share_a_mask_are_refused(tmp_path: Path) -> None:
    write_dataset(tmp_path)
    garment(0)[0].save(tmp_path / "skirt-1.jpg")
    with pytest.raises(InvalidInputError, match="skirt-1"):
        picture_files(tmp_path)


def test_all_unreadable_pictures_are_named_not_only_the_first(tmp_path: Path) -> None:
    write_dataset(tmp_path)
    (tmp_path / "notes.jpg").write_text("milk, bread")
    (tmp_path / "cut.png").write_bytes((tmp_path / "skirt-0.png").read_bytes()[:80])
    with pytest.raises(UnreadablePictureError, match=r"pictures cut\.png, notes\.jpg"):
        read_pictures(picture_files(tmp_path))


def test_three_pictures_are_too_few() -> None:
    require_enough(4)
    with pytest.raises(InvalidInputError, match="got '3 pictures'; allowed: at least 4"):
        require_enough(3)


def test_a_users_mask_must_have_its_pictures_size(tmp_path: Path) -> None:
    write_dataset(tmp_path, with_masks=True)
    picture = tmp_path / "skirt-0.png"
    mask = user_mask(picture, (48, 64))
    assert mask is not None
    assert np.array_equal(mask, garment(0)[1])
    assert user_mask(tmp_path / "other.png", (48, 64)) is None
    with pytest.raises(
        InvalidInputError, match=r"skirt-0\.png: got '48x64 pixels'; allowed: its picture's size, 50x64"
    ):
        user_mask(picture, (50, 64))


def test_a_black_mask_is_refused(tmp_path: Path) -> None:
    Image.new("L", (8, 8)).save(tmp_path / "mask.png")
    with pytest.raises(InvalidInputError, match="no white pixel"):
        read_mask(tmp_path / "mask.png", (8, 8))


def test_examples_have_their_masks_and_captions(tmp_path: Path) -> None:
    write_dataset(tmp_path / "dataset", 5)
    write_masking(tmp_path / "masks", 4)
    caption = {"file_name": "skirt-2.png", "text": "sks skirt from behind"}
    (tmp_path / "dataset/captions.jsonl").write_text(json.dumps(caption) + "\n\n")
    examples = load_examples(tmp_path / "dataset", tmp_path / "masks", PROMPT)
    assert [example.name for example in examples] == [f"skirt-{index}.png" for index in range(4)]
    assert [example.caption for example in examples] == [PROMPT, PROMPT, "sks skirt from behind", PROMPT]
    assert np.array_equal(examples[3].mask, garment(3)[1])


def test_a_broken_caption_line_is_named(tmp_path: Path) -> None:
    write_dataset(tmp_path)
    (tmp_path / "captions.jsonl").write_text('{"file_name": "skirt-0.png"\n')
    with pytest.raises(InvalidInputError, match=r"captions\.jsonl line 1"):
        load_examples(tmp_path, None, PROMPT)


def test_masks_of_another_dataset_are_refused(tmp_path: Path) -> None:
    write_dataset(tmp_path / "dataset", 4)
    write_masking(tmp_path / "masks", 6)
    with pytest.raises(InvalidInputError, match=r"a mask for skirt-4\.png"):
        load_examples(tmp_path / "dataset", tmp_path / "masks", PROMPT)


def test_segment_json_reads_back_as_written(tmp_path: Path) -> None:
    write_masking(tmp_path)
    written = Masking.read(tmp_path)
    assert written.mask_score == 0.9
    assert [each.name for each in written.pictures] == [f"skirt-{index}.png" for index in range(4)]
    with pytest.raises(InvalidInputError, match="no such file"):
        Masking.read(tmp_path / "masks")


def test_jumpstarts_class_pictures_are_not_used_and_that_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_dataset(tmp_path)
    (tmp_path / "class_data_dir").mkdir()
    garment(1)[0].save(tmp_path / "class_data_dir/other.png")
    assert len(load_examples(tmp_path, None, PROMPT)) == 4
    assert "class_data_dir" in caplog.text
