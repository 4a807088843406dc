"""A folder of pictures, checked before anything goes up."""

import json
from pathlib import Path
from unicodedata import normalize

import pytest

from atelier.folder import default_prompt, read_folder
from contracts.errors import InvalidInputError
from tests.unit.ops_fakes import JPEG, PNG


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(4):
        (tmp_path / f"{number}.png").write_bytes(PNG)
    return tmp_path


def put(folder: Path, name: str, body: bytes | str = JPEG) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body.encode() if isinstance(body, str) else body)


def test_everything_that_has_a_use_goes_up_and_the_rest_is_named(folder: Path) -> None:
    put(folder, "dataset_info.json", json.dumps({"instance_prompt": "a photo of a sks skirt"}))
    put(folder, "0.txt", "a sks skirt from behind")
    put(folder, "masks/0.png", PNG)
    put(folder, "evaluation/street.jpg")
    put(folder, "notes.docx")
    put(folder, "Thumbs.db")
    read = read_folder(folder)
    pictures = {f"{number}.png" for number in range(4)}
    assert set(read.paths) == {*pictures, "dataset_info.json", "0.txt", "masks/0.png", "evaluation/street.jpg"}
    assert read.notes[0] == "1 file is not used: notes.docx"
    assert read.prompt == "a photo of a sks skirt"
    assert read.size == sum(path.stat().st_size for path in read.paths.values())


def test_names_go_up_composed(folder: Path) -> None:
    put(folder, normalize("NFD", "뒷모습.jpg"))
    assert "뒷모습.jpg" in read_folder(folder).paths


@pytest.mark.parametrize(
    ("name", "body", "words"),
    [
        ("4.png", b"hello", r"4.png: got the bytes 'hello'; allowed: a PNG"),
        ("4.png", b"", r"size of 4.png: got '0 bytes'"),
        ("0.txt", "first\nsecond", "0.txt: got 'first.*one line"),
        ("dataset_info.json", "{", "dataset_info.json"),
        ("masks/9.png", PNG, "mask without a picture"),
        ("Masks/0.png", PNG, "masks/, in small letters"),
        ("0.jpg", JPEG, "pictures with one name"),
    ],
)
def test_what_is_wrong_is_said_as_prepare_says_it(folder: Path, name: str, body: bytes | str, words: str) -> None:
    put(folder, name, body)
    with pytest.raises(InvalidInputError, match=words):
        read_folder(folder)


def test_everything_wrong_with_contents_is_said_at_once(folder: Path) -> None:
    put(folder, "4.png", b"hello")
    put(folder, "0.txt", "first\nsecond")
    put(folder, "dataset_info.json", '{"instance_promt": "x"}')
    with pytest.raises(InvalidInputError) as raised:
        read_folder(folder)
    assert len(raised.value.problems) == 3


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="allowed: a folder of pictures"):
        read_folder(tmp_path / "nothing")


@pytest.mark.parametrize(
    ("target", "prompt"),
    [
        ("a skirt", "a photo of sks skirt"),
        ("The long skirt", "a photo of sks long skirt"),
        ("skirt", "a photo of sks skirt"),
        ("치마", "a photo of sks skirt"),
    ],
)
def test_words_to_learn_by_are_made_of_those_to_find_by(target: str, prompt: str) -> None:
    assert default_prompt(target) == prompt
