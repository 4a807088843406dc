"""A dataset as people bring it: what each file is used as, and whose words are whose."""

import json
import re
from typing import Any
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.dataset_files import DatasetFiles, is_litter
from contracts.dataset_texts import Captions, read_captions, read_info
from contracts.declarations import NOT_BLANK
from contracts.errors import InvalidInputError

PICTURES = ("skirt-01.png", "skirt-02.JPG", "치마 3.webp", "skirt-04.heic")
LITTER = (
    ".DS_Store",
    "._skirt-01.png",
    "Thumbs.db",
    "desktop.ini",
    "Icon\r",
    "__MACOSX/._skirt-01.png",
    "__MACOSX/skirt-01.png",
    ".ipynb_checkpoints/skirt-01-checkpoint.png",
    "@eaDir/skirt-01.png/SYNOPHOTO_THUMB_M.jpg",
    ".git/config",
    "skirt-01.AAE",
    "skirt-02.xmp",
    "#recycle/skirt-01.png",
)


def decomposed(name: str) -> str:
    return normalize("NFD", name)


def refused(*more: str, pictures: tuple[str, ...] = PICTURES) -> str:
    with pytest.raises(InvalidInputError) as caught:
        DatasetFiles.of([*pictures, *more])
    return str(caught.value)


def test_every_file_has_one_use() -> None:
    files = DatasetFiles.of(
        [
            *PICTURES,
            *("masks/skirt-01.png", "masks/skirt-02.jpg", "evaluation/look.png", "evaluation/masks/look.png"),
            *("dataset_info.json", "captions.jsonl", "metadata.jsonl", "skirt-01.txt", "skirt-04.caption"),
            *("class_data_dir/other.png", "README.md"),
        ]
    )
    assert files.pictures == tuple(sorted(PICTURES))
    assert files.photos == ("evaluation/look.png",)
    assert files.masks == {
        "skirt-01.png": "masks/skirt-01.png",
        "skirt-02.JPG": "masks/skirt-02.jpg",
        "evaluation/look.png": "evaluation/masks/look.png",
    }
    assert set(files.captions) == {"captions.jsonl", "metadata.jsonl", "skirt-01.txt", "skirt-04.caption"}
    assert files.info
    assert files.unused == ("README.md",)
    assert files.notes("inpaint") == [
        "1 file is not used: README.md",
        "1 file is in class_data_dir/ not used, because the base model paints the class pictures itself",
    ]


@pytest.mark.parametrize("folder", ["", "masks/", "evaluation/", "evaluation/masks/", "raw/"])
@pytest.mark.parametrize("name", LITTER)
def test_what_desktops_leave_behind_is_nothing_in_every_folder(folder: str, name: str) -> None:
    assert DatasetFiles.of([*PICTURES, folder + name]) == DatasetFiles.of(PICTURES)


@pytest.mark.parametrize("name", ["./a.png", "../a.png", "a.b.png", "thumbs.db.png", "Icon.png", "a/b.png"])
def test_a_file_that_somebody_named_is_no_litter(name: str) -> None:
    assert not is_litter(name)


@pytest.mark.parametrize(
    "name",
    ["a.bmp", "a.avif", "a.gif", "notes.md", "raw/a.png", "evaluation/a.tif", "masks/x.md", ".IMG_0001.HEIC.icloud"],
)
def test_a_file_without_a_use_is_named(name: str) -> None:
    assert DatasetFiles.of([*PICTURES, name]).notes("inpaint") == [f"1 file is not used: {name}"]


def test_more_unused_files_than_a_quarter_of_the_pictures_are_refused() -> None:
    pictures = tuple(f"{index}.png" for index in range(12))
    unused = [f"{index}.bmp" for index in range(20, 24)]
    assert len(DatasetFiles.of([*pictures, *unused[:3]]).unused) == 3
    assert "4 beside 12 pictures: 20.bmp, 21.bmp" in refused(*unused, pictures=pictures)


def test_a_style_that_paints_whole_pictures_says_that_masks_and_photos_are_not_used() -> None:
    files = DatasetFiles.of([*PICTURES, "masks/skirt-01.png", "evaluation/look.png"])
    assert files.notes("inpaint") == []
    masks, photos = files.notes("text-to-image")
    assert masks.startswith("masks/ is not used")
    assert photos.startswith("evaluation/ is not used")


@pytest.mark.parametrize("name", ["치마 3.png", "café.png", "Å.png", "が.png"])
@pytest.mark.parametrize("folder", ["", "evaluation/"])
def test_names_are_compared_as_people_see_them(name: str, folder: str) -> None:
    pictures = ("a.png", "b.png", "c.png", "d.png", folder + decomposed(name))
    files = DatasetFiles.of([*pictures, f"{folder}masks/{normalize('NFC', name)}"])
    assert files.masks == {folder + decomposed(name): f"{folder}masks/{normalize('NFC', name)}"}
    message = refused(folder + normalize("NFC", name), pictures=pictures)
    assert "\\u" in message, "names that look alike are told apart"


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        (["skirt-01.jpg"], "pictures with one name: got ['skirt-01.jpg', 'skirt-01.png']"),
        (["evaluation/a.png", "evaluation/a.jpg"], "evaluation/a.jpg"),
        (["masks/skirt-01.png", "masks/skirt-01.webp"], "masks with one name"),
        (["masks/Skirt-01.png"], "got 'masks/Skirt-01.png'; allowed: masks/NAME OF A PICTURE.png; nearest: skirt-01"),
        (["evaluation/masks/skirt-01.png"], "mask without a picture: got 'evaluation/masks/skirt-01.png'"),
        (["Skirt-01.txt"], "caption without a picture: got 'Skirt-01.txt'"),
        (["skirt-05.txt"], "caption without a picture: got 'skirt-05.txt'"),
        (["치" * 80 + ".png"], "at most 240 bytes"),
        (["Captions.jsonl"], "got 'Captions.jsonl'; allowed: captions.jsonl, in small letters"),
        (["DATASET_INFO.JSON"], "allowed: dataset_info.json, in small letters"),
        (["Masks/skirt-01.png"], "got 'Masks/skirt-01.png'; allowed: masks/, in small letters"),
        (["evaluation/Masks/skirt-01.png"], "allowed: evaluation/masks/, in small letters"),
        (["masks", "masks/skirt-01.png"], "got 'masks'; allowed: a name that no folder has"),
        (["skirt-01.png/notes.md"], "got 'skirt-01.png'; allowed: a name that no folder has"),
        (["../skirt-05.png"], "got '../skirt-05.png'; allowed: no folder without a name, and none called . or .."),
        (["masks//skirt-01.png"], "got 'masks//skirt-01.png'; allowed: no folder without a name"),
        ([f"evaluation/{index}.png" for index in range(501)], "photos in evaluation/: got 501; allowed: at most 500"),
        ([f"{index}.png" for index in range(500)], "got 504; allowed: 4 to 500 files ending in .png"),
    ],
)
def test_a_name_that_belongs_to_nothing_is_refused(names: list[str], wanted: str) -> None:
    assert wanted in refused(*names)


def test_all_that_is_wrong_with_the_names_is_said_at_once() -> None:
    message = refused("masks/z.png", "evaluation/a.png", "evaluation/a.jpg", "x.bmp", "y.bmp", "z.bmp")
    assert message.startswith("3 problems: ")
    assert len(refused(*(f"masks/{index:03}.png" for index in range(400)))) < 10_000


def captions(*files: tuple[str, Any], pictures: tuple[str, ...] = PICTURES) -> Captions:
    """What is read from files of these names; a body that is no text or bytes becomes lines of JSON."""
    bodies = {name: body if isinstance(body, bytes) else text(body).encode() for name, body in files}
    return read_captions(DatasetFiles.of([*pictures, *bodies]), bodies)


def text(body: Any) -> str:
    return body if isinstance(body, str) else "\n".join(json.dumps(line, ensure_ascii=False) for line in body)


def wrong(*files: tuple[str, Any], **more: Any) -> str:
    with pytest.raises(InvalidInputError) as caught:
        captions(*files, **more)
    return str(caught.value)


ALL = [{"file_name": name, "text": f"words for {name}"} for name in PICTURES]
WORDS = {name: f"words for {name}" for name in PICTURES}


@pytest.mark.parametrize(
    "files",
    [
        [("captions.jsonl", ALL)],
        [("captions.jsonl", "\ufeff" + text(ALL))],
        [("captions.jsonl", text(ALL).replace("\n", "\r\n") + "\r\n\r\n")],
        [("metadata.jsonl", ALL)],
        *([("metadata.jsonl", [{"file_name": n, key: w} for n, w in WORDS.items()])] for key in ("prompt", "caption")),
        [("metadata.jsonl", [{"file_name": n, "text": w, "caption": w} for n, w in WORDS.items()])],
        [(f"{name.rpartition('.')[0]}.txt", f"\ufeff  {words}\r\n") for name, words in WORDS.items()],
        [(f"{decomposed(name).rpartition('.')[0]}.caption", words) for name, words in WORDS.items()],
        [("captions.jsonl", ALL[:2]), ("metadata.jsonl", ALL[1:]), ("skirt-01.txt", WORDS["skirt-01.png"])],
        [("captions.jsonl", [{**line, "file_name": decomposed(line["file_name"])} for line in ALL])],
    ],
)
def test_captions_are_read_in_every_convention(files: list[tuple[str, Any]]) -> None:
    assert captions(*files) == Captions(words=WORDS)


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\x85"])
def test_only_a_newline_ends_a_line(separator: str) -> None:
    words = f"red{separator}skirt"
    line = json.dumps({"file_name": PICTURES[0], "text": words}, ensure_ascii=False)
    assert captions(("captions.jsonl", line)).words == {PICTURES[0]: words}


@given(
    words=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=100).filter(
        re.compile(NOT_BLANK).search
    )
)
def test_any_words_are_read_as_they_were_written(words: str) -> None:
    for ascii_only in (False, True):
        line = json.dumps({"file_name": PICTURES[0], "text": words}, ensure_ascii=ascii_only)
        assert captions(("captions.jsonl", line), ("metadata.jsonl", line)).words == {PICTURES[0]: words}


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ([{"file_name": "Skirt-01.png", "text": "x"}], "line 1.file_name: got 'Skirt-01.png'"),
        ([{"file_name": "./skirt-01.png", "text": "x"}], "nearest: skirt-01.png"),
        ([{"file_name": "skirt-01", "text": "x"}], "nearest: skirt-01.png"),
        ([{"file_name": "evaluation/a.png", "text": "x"}], "directly in the dataset"),
        ([{"file_name": "skirt-01.png", "text": None}], "captions.jsonl line 1: missing key 'text'"),
        ([{"file_name": "skirt-01.png", "text": ""}], "captions.jsonl line 1.text: got ''"),
        ([{"file_name": "skirt-01.png", "text": " \n"}], "captions.jsonl line 1.text"),
        ([{"file_name": "skirt-01.png", "text": 5}], "captions.jsonl line 1.text: got 5"),
        ([{"file_name": "skirt-01.png", "text": ["a", "b"]}], "captions.jsonl line 1.text"),
        ([{"file_name": "skirt-01.png", "text": "x" * 1001}], "captions.jsonl line 1.text"),
        ([{"file_name": "skirt-01.png", "txt": "x"}], "captions.jsonl line 1"),
        ([ALL[0], [1]], "captions.jsonl line 2: got [1]"),
        (text(ALL[:1]) + "\n{", "captions.jsonl line 2: got '{'"),
        ('{"file_name": "skirt-01.png", "text": "a", "text": "b"}', "the key 'text' stands there twice"),
        ('{"file_name": "skirt-01.png", "text": "\\ud83d"}', "captions.jsonl line 1.text"),
        ("[" * 100_000, "captions.jsonl line 1"),
        (text(ALL).encode("utf-16"), "captions.jsonl: got b'\\xff\\xfe"),
        ("치마".encode("cp949"), "captions.jsonl"),
        ([ALL[0], {**ALL[0], "text": "other"}], "captions of skirt-01.png: got ['captions.jsonl line 1"),
    ],
)
def test_a_line_that_is_no_caption_is_named(body: Any, wanted: str) -> None:
    assert wanted in wrong(("captions.jsonl", body))


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        ([("metadata.jsonl", [{"file_name": "skirt-01.png", "label": 3}])], "text | prompt | caption"),
        ([("metadata.jsonl", [{"file_name": "skirt-01.png", "text": "a", "prompt": "b"}])], "one of text, prompt"),
        ([("metadata.jsonl", [{"image": "skirt-01.png", "text": "a"}])], "missing key 'file_name'"),
        ([("skirt-01.txt", "a red skirt\nmasterpiece")], "skirt-01.txt: got 'a red skirt"),
        ([("skirt-01.txt", "\n")], "skirt-01.txt"),
        ([("skirt-01.txt", "치마".encode("cp949"))], "skirt-01.txt: got b"),
        ([("captions.jsonl", ALL), ("skirt-01.txt", "a coat")], "captions.jsonl line 1: "),
        ([("captions.jsonl", ALL), ("metadata.jsonl", [{"file_name": "skirt-01.png", "text": "y"}])], "metadata.jsonl"),
        ([("skirt-01.txt", "x"), ("skirt-01.caption", "y")], "captions of skirt-01.png"),
    ],
)
def test_what_two_conventions_say_differently_is_refused(files: list[tuple[str, Any]], wanted: str) -> None:
    assert wanted in wrong(*files)


def test_every_bad_line_of_every_file_is_named_at_once() -> None:
    message = wrong(("captions.jsonl", [{"file_name": "a.png", "text": "x"}, 7]), ("skirt-01.txt", "x\ny"))
    assert message.startswith("3 problems: ")
    names = [{"file_name": f"picture-{index:03}.png", "text": "x"} for index in range(500)]
    assert len(wrong(("captions.jsonl", names))) < 10_000


def test_pictures_without_a_caption_and_keys_without_a_use_are_said() -> None:
    lines = [{**ALL[0], "label": 1}, {**ALL[1], "label": 2, "url\ud83d": "x"}]
    notes = captions(("metadata.jsonl", json.dumps(lines[0]) + "\n" + json.dumps(lines[1]))).notes
    assert notes == (
        "metadata.jsonl: not used: label, url\\ud83d",
        "2 of 4 pictures have no caption: they are learnt by the instance prompt",
    )
    assert captions().notes == ()


@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_a_datasets_note_is_utf_8_with_or_without_a_mark(start: str) -> None:
    assert read_info(f'{start}{{"instance_prompt": "sks 치마"}}'.encode()).instance_prompt == "sks 치마"


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'"x"', '{"instance_prompt": "치마"}'.encode("cp949"), b'{"a": 1, "a": 1}']
)
def test_a_datasets_note_that_is_none_is_named(body: bytes) -> None:
    with pytest.raises(InvalidInputError, match=r"dataset_info\.json"):
        read_info(body)
