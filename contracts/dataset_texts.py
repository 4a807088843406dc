"""Reads the texts of a dataset, for Prepare and for training alike: captions in three conventions, and ``dataset_info.json``.

Bytes go in, because a file's encoding is part of what is checked: UTF-8, with or without a byte order mark.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contracts.dataset import CAPTIONS, INFO, METADATA, DatasetInfo, PictureCaption
from contracts.dataset_files import DatasetFiles, composed, listed, nearest, refuse, stem
from contracts.errors import InvalidInputError, Problem
from contracts.json_text import load
from contracts.prompts import prompt

LINES = (CAPTIONS, METADATA)
"""Files of many captions, one JSON object a line."""
LARGEST_TEXT = 4 * 2**20
"""Bytes of a file of captions: 500 lines of 8 KB."""
LARGEST_CAPTION = 64 * 2**10
"""Bytes of a file that holds one caption."""
WORDS = ("text", "prompt", "caption")
"""What ``metadata.jsonl`` calls a picture's words."""
_LONGEST_KEY = 100


@dataclass(frozen=True, kw_only=True)
class Captions:
    """The words of the pictures that have some of their own, by the pictures' names; ``notes`` say what was not used."""

    words: Mapping[str, str]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Entry:
    """Words for a picture as one file has them; ``where`` names the file and the line."""

    where: str
    picture: str
    words: str
    ignored: tuple[str, ...] = ()


def read_info(body: bytes) -> DatasetInfo:
    """The contents of ``dataset_info.json``. Raises InvalidInputError."""
    return DatasetInfo.from_json(parsed(INFO, decoded(INFO, body)))


def read_captions(files: DatasetFiles, bodies: Mapping[str, bytes]) -> Captions:
    """The captions in ``bodies``, the contents of ``files.captions`` by name.

    Raises InvalidInputError with all that is wrong, by file and line: what is no caption, a picture that is not there, and two captions
    of one picture that differ.
    """
    entries = [entry for name in files.captions for entry in _entries(name, bodies[name], files.pictures)]
    words: dict[str, _Entry] = {}
    refuse(_problems(entries, files.pictures, words))
    return Captions(
        words={picture: entry.words for picture, entry in words.items()},
        notes=tuple(_notes(files, words)),
    )


def caption_lines(words: Mapping[str, str]) -> bytes:
    """Captions by picture as ``captions.jsonl`` has them."""
    lines = (json.dumps({"file_name": name, "text": text}, ensure_ascii=False) for name, text in words.items())
    return "".join(f"{line}\n" for line in lines).encode()


def read_caption_lines(body: bytes) -> dict[str, str]:
    """What ``caption_lines`` wrote. Raises InvalidInputError."""
    lines = decoded(CAPTIONS, body).split("\n")
    read = (PictureCaption.from_json(parsed(CAPTIONS, line), where=CAPTIONS) for line in lines if line)
    return {each.file_name: each.text for each in read}


def _problems(
    entries: Iterable[_Entry | Problem], pictures: Sequence[str], words: dict[str, _Entry]
) -> Iterator[Problem]:
    """What is wrong with ``entries``; those that are right are put into ``words``."""
    own = {composed(name): name for name in pictures}
    for entry in entries:
        if isinstance(entry, Problem):
            yield entry
            continue
        picture = own.get(composed(entry.picture))
        if picture is None:
            allowed = f"the name of a picture directly in the dataset{nearest(entry.picture, pictures)}"
            yield Problem(f"{entry.where}.file_name", entry.picture, allowed)
        elif (other := words.setdefault(picture, entry)).words != entry.words:
            got = [f"{each.where}: {each.words}" for each in (other, entry)]
            yield Problem(f"captions of {picture}", got, "one caption a picture, or the same words in both")


def _notes(files: DatasetFiles, words: Mapping[str, _Entry]) -> Iterator[str]:
    ignored = dict.fromkeys(key for entry in words.values() for key in entry.ignored)
    if ignored:
        yield f"{METADATA}: not used: {listed([*ignored])}"
    bare = len(files.pictures) - len(words)
    if files.captions and bare:
        yield f"{bare} of {len(files.pictures)} pictures have no caption: they are learnt by the instance prompt"


def _entries(name: str, body: bytes, pictures: Sequence[str]) -> Iterator[_Entry | Problem]:
    try:
        text = decoded(name, body)
    except InvalidInputError as error:
        yield from error.problems
        return
    if name not in LINES:
        yield from _whole(name, text, pictures)
        return
    # Only "\n" ends a line: JSON lets other line separators stand inside a text.
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield from _line(name, f"{name} line {number}", line)


def _whole(name: str, text: str, pictures: Sequence[str]) -> Iterator[_Entry | Problem]:
    """A file that is the caption of the picture beside it. Trainers differ in what they make of a second line, so there may be none."""
    words = text.strip()
    if "\n" in words or "\r" in words:
        yield Problem(name, words, "one line: the caption of the picture beside it")
        return
    try:
        words = prompt(name, words)
    except InvalidInputError as error:
        yield from error.problems
        return
    yield _Entry(where=name, picture=next(each for each in pictures if stem(each) == stem(name)), words=words)


def _line(name: str, where: str, line: str) -> Iterator[_Entry | Problem]:
    ignored: tuple[str, ...] = ()
    try:
        value = parsed(where, line)
        if name == METADATA and isinstance(value, dict):
            value, ignored = _as_caption(where, value)
        caption = PictureCaption.from_json(value, where=where)
    except InvalidInputError as error:
        yield from error.problems
        return
    yield _Entry(where=where, picture=caption.file_name, words=caption.text, ignored=ignored)


def _as_caption(where: str, line: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """A line of ``metadata.jsonl`` as one of ``captions.jsonl``, and the keys that it has besides."""
    words = {name: line[name] for name in WORDS if line.get(name) is not None}
    if not words:
        raise InvalidInputError(where, got=sorted(line), allowed=f"the picture's words as {' | '.join(WORDS)}")
    text, *alike = words.values()
    if any(other != text for other in alike):
        raise InvalidInputError(where, got=words, allowed=f"one of {', '.join(words)}, or the same words in each")
    caption = {"text": text, **({"file_name": line["file_name"]} if "file_name" in line else {})}
    others = (key for key in line if key not in ("file_name", *WORDS))
    # A note must be printable, and a key may hold what UTF-8 cannot.
    return caption, tuple(key.encode("utf-8", "backslashreplace").decode()[:_LONGEST_KEY] for key in others)


def decoded(name: str, body: bytes) -> str:
    """A file's text: UTF-8, with or without a byte order mark. Raises InvalidInputError."""
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        allowed = "text in UTF-8, with or without a byte order mark"
        raise InvalidInputError(name, got=body[:16], allowed=allowed) from error


def parsed(where: str, text: str) -> object:
    """The value of a JSON text in which no object has a key twice. Raises InvalidInputError."""
    try:
        value: object = load(text)
    except ValueError as error:
        fault = f"{error.msg} at character {error.pos + 1}" if isinstance(error, json.JSONDecodeError) else error
        raise InvalidInputError(where, got=text.strip()[:80], allowed=f"one JSON object ({fault})") from error
    return value
