"""The rows of a batch: inline, of an uploaded CSV or JSON Lines file, or one for each of the client's own uploads."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

from atelier_ops.gateways.storage import ObjectStore
from atelier_ops.logic.http import Request
from atelier_ops.logic.own_uploads import own_upload
from contracts.batches import LARGEST_MANIFEST, LONGEST_ROW, MOST_ROWS, BatchRequest, Row
from contracts.errors import InvalidInputError, Problem
from contracts.json_text import load
from contracts.layout import UPLOADS

Numbered = tuple[int, Row]
"""A row and where it stands: its line of the file, or its place in the list, from 1."""

_VALUES = "text, a number, true or false by each name"
_NAMES = "a first line that names each column once"


def read_rows(asked: BatchRequest, request: Request, media: ObjectStore) -> list[Numbered]:
    """Every row. Raises InvalidInputError with everything that is wrong."""
    if asked.manifest:
        return _checked(_of_manifest(asked.manifest, request, media))
    if asked.prefix:
        return _checked(list(enumerate(_of_uploads(asked.prefix, request, media), start=1)))
    return _checked(list(enumerate(asked.items, start=1)))


def _checked(found: Iterable[Numbered | Problem]) -> list[Numbered]:
    every = list(found)
    problems = [each for each in every if isinstance(each, Problem)]
    rows = [each for each in every if not isinstance(each, Problem)]
    if not problems and not 1 <= len(rows) <= MOST_ROWS:
        problems.append(Problem("rows", len(rows), f"1 to {MOST_ROWS:,}"))
    problems += chain.from_iterable(_wrong(line, row) for line, row in rows)
    if problems:
        raise InvalidInputError.of(problems)
    return rows


def _wrong(line: int, row: Row) -> Iterator[Problem]:
    for name, value in row.items():
        if not isinstance(value, str | int | float | bool | None):
            yield Problem(f"line {line}: {name}", value, _VALUES)
    if len(json.dumps(row)) > LONGEST_ROW:
        got = f"{len(json.dumps(row)):,} characters"
        yield Problem(f"line {line}", got, f"at most {LONGEST_ROW:,}: put pictures through POST /v1/files")


def _of_manifest(manifest: str, request: Request, media: ObjectStore) -> list[Numbered | Problem]:
    key = own_upload(manifest, request, where="manifest")
    stored = media.uploaded(key)
    if stored is None or not 0 < stored.size <= LARGEST_MANIFEST:
        allowed = f"a file of 1 to {LARGEST_MANIFEST:,} bytes that was put to the urls.upload which POST /v1/files gave"
        raise InvalidInputError(
            "manifest", got=f"{stored.size:,} bytes" if stored else "nothing there", allowed=allowed
        )
    try:
        text = media.read(key).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInputError("manifest", got=f"byte {error.start} that is none", allowed="UTF-8") from error
    return list(_of_csv(text) if key.lower().endswith(".csv") else _of_lines(text))


def _of_csv(text: str) -> Iterator[Numbered | Problem]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        names = [name.strip() for name in next(reader, [])]
        if not names or not all(names) or len(set(names)) < len(names):
            yield Problem("line 1", ",".join(names), _NAMES)
            return
        for values in reader:
            if any(value.strip() for value in values):
                yield _row(reader.line_num, names, values)
    except csv.Error as error:
        yield Problem(f"line {reader.line_num}", str(error), "CSV, as RFC 4180 describes it")


def _row(line: int, names: Sequence[str], values: Sequence[str]) -> Numbered | Problem:
    if len(values) != len(names):
        return Problem(f"line {line}", f"{len(values)} values", f"{len(names)}, one for each column")
    return line, dict(zip(names, (value.strip() for value in values), strict=True))


def _of_lines(text: str) -> Iterator[Numbered | Problem]:
    for line, each in enumerate(text.split("\n"), start=1):
        if not each.strip():
            continue
        try:
            found: Any = load(each)
        except ValueError as error:
            yield Problem(f"line {line}", str(error), "a JSON object a line")
            continue
        yield (line, found) if isinstance(found, dict) else Problem(f"line {line}", found, "a JSON object a line")


def _of_uploads(prefix: str, request: Request, media: ObjectStore) -> Iterator[Row]:
    """A row for each upload whose name begins so, by name."""
    entries = chain.from_iterable(media.listing(f"{UPLOADS}{folder}/") for folder in request.folders)
    keys = (entry.key for entry in entries)
    named = sorted((key.rpartition("/")[2], key) for key in keys)
    return ({"image": key, "name": name} for name, key in named if name.startswith(prefix))
