"""The rows of a batch as the API and its clients read them: a CSV file, JSON Lines, and what is painted for each row."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

from contracts.batch_template import fill, fill_input
from contracts.batches import LONGEST_ROW, MOST_ROWS, Row
from contracts.errors import InvalidInputError, Problem
from contracts.json_text import load
from contracts.reading import MOST_PROBLEMS
from contracts.requests import PredictionRequest

Numbered = tuple[int, Row]
"""A row and where it stands: its line of the file, or its place in the list, from 1."""

_VALUES = "text, a number, true or false by each name"
_NAMES = "a first line that names each column once"


@dataclass
class RowProblems:
    """What is wrong, of which the first are told and the others counted."""

    found: list[Problem] = field(default_factory=list)

    def add(self, line: int, error: InvalidInputError) -> None:
        """Keep what is wrong with a line."""
        self.found += (replace(each, what=f"line {line}: {each.what}") for each in error.problems)

    def settle(self) -> None:
        """Raises InvalidInputError where there is anything."""
        more = len(self.found) - MOST_PROBLEMS
        last = [Problem("rows", f"{more} more problems", "none")] if more > 0 else []
        if self.found:
            raise InvalidInputError.of([*self.found[:MOST_PROBLEMS], *last])


def check_rows(found: Iterable[Numbered | Problem]) -> list[Numbered]:
    """The rows. Raises InvalidInputError with everything that is wrong."""
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


def rows_of_csv(text: str) -> Iterator[Numbered | Problem]:
    """The rows of a CSV file, each by the line that it ends on, and what is wrong with others."""
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


def rows_of_lines(text: str) -> Iterator[Numbered | Problem]:
    """The rows of a JSON Lines file, and what is wrong with others."""
    for line, each in enumerate(text.split("\n"), start=1):
        if not each.strip():
            continue
        try:
            found: Any = load(each)
        except ValueError as error:
            yield Problem(f"line {line}", str(error), "a JSON object a line")
            continue
        yield (line, found) if isinstance(found, dict) else Problem(f"line {line}", found, "a JSON object a line")


def read_row(version: str, template: Mapping[str, Any], row: Row) -> PredictionRequest:
    """What is painted for a row. Raises InvalidInputError."""
    wanted = PredictionRequest.from_json({"version": fill("version", version, row), "input": fill_input(template, row)})
    _check_length(wanted)
    return wanted


def _check_length(wanted: PredictionRequest) -> None:
    length = len(wanted.model_dump_json(exclude_unset=True))
    if length > LONGEST_ROW:
        allowed = f"at most {LONGEST_ROW:,}: put pictures through POST /v1/files"
        raise InvalidInputError("input", got=f"{length:,} characters", allowed=allowed)
