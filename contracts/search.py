"""A search for a training's settings: several trainings that differ in them, of which the best goes on."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal, get_args

from contracts.declarations import about, bounds
from contracts.errors import InvalidInputError, Problem
from contracts.hyperparameters import Hyperparameters
from contracts.metrics import COMPARED
from contracts.model import Contract, rule

MOST_TRIALS, MOST_PARALLEL = 100, 10
MOST_VALUES = 30
"""SageMaker's limit on the values of one hyperparameter."""
MOST_RANGES = 20

FIXED = (
    *("seed", "with_prior_preservation", "num_class_images", "gradient_checkpointing", "checkpoint_steps"),
    *(
        "validation_steps",
        "pictures_set_aside",
        "num_validation_images",
        "validation_prompt",
        "early_stopping_patience",
    ),
)
"""Hyperparameters that no search tries: with other ones nothing is learnt better, or a luckier number is found."""

OBJECTIVE = COMPARED
"""The metric of which a search wants most: the gate's, and that by which a version is compared with the one in service."""

Value = bool | int | float | str


class SearchRange(Contract):
    """What a search tries for one hyperparameter: ``min`` to ``max``, or ``values``."""

    document: ClassVar[str] = "range"

    min: Annotated[float | None, about("the least number")] = None
    max: Annotated[float | None, about("the greatest number")] = None
    scale: Annotated[
        Literal["auto", "linear", "logarithmic"],
        about("how numbers lie between them; logarithmic where each power of ten counts as much as the next"),
    ] = "auto"
    values: Annotated[list[Value] | None, about(f"2 to {MOST_VALUES} values, in place of min and max")] = None

    @rule
    def _it_is_of_one_kind(self) -> Iterator[Problem]:
        numbers = [self.min, self.max]
        if (self.values is None) == (numbers == [None, None]) or (self.values is None and None in numbers):
            yield Problem("values", self.values, "min and max, or values")

    @rule
    def _there_is_something_to_choose(self) -> Iterator[Problem]:
        if self.values is not None and not 2 <= len(set(map(repr, self.values))) == len(self.values) <= MOST_VALUES:
            yield Problem("values", self.values, f"2 to {MOST_VALUES} values, each once")
        if self.min is not None and self.max is not None and not self.min < self.max:
            yield Problem("min", self.min, f"a number below max, {self.max:g}")
        if self.scale == "logarithmic" and self.min is not None and self.min <= 0:
            yield Problem("min", self.min, "a number above 0, as scale is logarithmic")

    @property
    def tried(self) -> Mapping[str, Value]:
        """The ends, or all values, each by its place in the document."""
        if self.values is not None:
            return {f"values.{place}": value for place, value in enumerate(self.values)}
        return {name: end for name, end in (("min", self.min), ("max", self.max)) if end is not None}


class Search(Contract):
    """Which settings are tried, how often, and how many at a time."""

    document: ClassVar[str] = "search"

    ranges: Annotated[
        Mapping[str, SearchRange],
        about(
            "what is tried, by hyperparameter",
            examples=[{"learning_rate": {"min": 1e-4, "max": 1e-2}, "lora_rank": {"values": [4, 8, 16]}}],
        ),
    ]
    trials: Annotated[int, bounds(2, MOST_TRIALS, "trainings; a stage may allow fewer")]
    parallel: Annotated[int, bounds(1, MOST_PARALLEL, "of them at a time; a stage may allow fewer")] = 1
    strategy: Annotated[
        Literal["bayesian", "random"],
        about("where the next values come from: what earlier trials have shown, or chance alone"),
    ] = "bayesian"

    @rule
    def _it_has_ranges(self) -> Iterator[Problem]:
        if not 1 <= len(self.ranges) <= MOST_RANGES:
            yield Problem("ranges", len(self.ranges), f"1 to {MOST_RANGES} hyperparameters")

    @rule
    def _no_more_at_a_time_than_in_all(self) -> Iterator[Problem]:
        if self.parallel > self.trials:
            yield Problem("parallel", self.parallel, f"at most trials, {self.trials}")

    @rule
    def _each_value_is_one_that_the_hyperparameter_takes(self) -> Iterator[Problem]:
        for name, each in self.ranges.items():
            if name not in searchable():
                yield Problem("ranges", name, " | ".join(searchable()))
                continue
            for place, value in each.tried.items():
                yield from _refused(name, value, f"ranges.{name}.{place}")


def heaviest(search: Search | None, tuning: Hyperparameters) -> Hyperparameters:
    """The settings of the training of a search that takes most time and memory, as far as each hyperparameter decides alone."""
    greatest = {
        name: _most(name, list(each.tried.values())) for name, each in (search.ranges if search else {}).items()
    }
    if "epochs" in greatest:
        greatest["max_steps"] = None
    # Whole numbers are whole again, as a contract reads them.
    return Hyperparameters.from_json({**tuning.model_dump(), **greatest})


def is_whole(name: str) -> bool:
    """Whether a hyperparameter takes whole numbers."""
    declared = Hyperparameters.model_fields[name].annotation
    kinds = {declared, *get_args(declared)}
    return int in kinds and float not in kinds


def _most(name: str, tried: list[Value]) -> Any:
    """The greatest number; yes; of names the one that is declared first, as full precision is before less."""
    if all(isinstance(value, str) for value in tried):
        return min(tried, key=get_args(Hyperparameters.model_fields[name].annotation).index)
    return max(tried, key=float)


def searchable() -> list[str]:
    """The hyperparameters that a search may try."""
    return [name for name in Hyperparameters.model_fields if name not in FIXED]


def _refused(name: str, value: Any, where: str) -> Iterator[Problem]:
    try:
        Hyperparameters.from_json({name: value})
    except InvalidInputError as error:
        yield from (Problem(where, value, each.allowed) for each in error.problems)
