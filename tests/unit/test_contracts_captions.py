"""The texts of a dataset as people bring them: whose words are whose, in every convention, and what is no caption."""

import json
import re
from typing import Any
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.dataset_files import DatasetFiles
from contracts.dataset_texts import Captions, read_captions, read_info
from contracts.declarations import NOT_BLANK
from contracts.errors import InvalidInputError

PICTURES = ("skirt-01.png", "skirt-02.JPG", "치마 3.webp", "skirt-04.heic")


def decomposed(name: str) -> str:
    return normalize("NFD", name)


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
        (text(ALL).encode("utf-16"), "captions.jsonl: got the bytes ff fe"),
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
        ([("skirt-01.txt", "치마".encode("cp949"))], "skirt-01.txt: got the bytes c4"),
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
