"""A search as SageMaker's tuning job takes it, and what must hold before one is paid."""

from collections.abc import Mapping
from typing import Any

from atelier_ops.logic.dataset import Dataset
from contracts.dataset import EVALUATION
from contracts.dataset_files import refuse
from contracts.errors import Problem
from contracts.execution import ExecutionInput
from contracts.hyperparameters import Hyperparameters
from contracts.plan import SearchPlan
from contracts.search import Search, SearchRange, is_whole
from contracts.strings import as_string

TRAINING, SEARCH = "train", "search"
"""The keys of the job of one training, and of several: of which a run has one."""

_MOST_SEED = 2**31
"""SageMaker's whole numbers have 32 bits, one of them for the sign."""
_STRATEGIES = {"bayesian": "Bayesian", "random": "Random"}
_SCALES = {"auto": "Auto", "linear": "Linear", "logarithmic": "Logarithmic"}


def jobs_of(request: ExecutionInput, jobs: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """The jobs that this run has, of all that its machine may run."""
    unused = TRAINING if request.search else SEARCH
    return {key: facts for key, facts in jobs.items() if key != unused}


def plan_search(
    request: ExecutionInput, dataset: Dataset, settings: Hyperparameters, jobs: Mapping[str, Mapping[str, Any]]
) -> SearchPlan | None:
    """What a run's search tries; None of a run without one. Raises InvalidInputError."""
    search = request.search
    if search is None:
        return None
    _require_allowed(request, search, dataset, jobs[SEARCH])
    ranges: dict[str, list[dict[str, Any]]] = {}
    for name, each in search.ranges.items():
        kind, value = _range(name, each)
        ranges.setdefault(kind, []).append(value)
    return SearchPlan.from_json(
        {
            "strategy": _STRATEGIES[search.strategy],
            "trials": search.trials,
            "parallel": search.parallel,
            "ranges": ranges,
            "seed": settings.seed % _MOST_SEED,
        }
    )


def searched(request: ExecutionInput, strings: Mapping[str, str]) -> dict[str, str]:
    """The hyperparameters of a training without those that its search gives it; with ``epochs`` tried, ``max_steps`` does not count."""
    names = request.search.ranges if request.search else {}
    free = {"max_steps": str(None)} if "epochs" in names else {}
    return {name: value for name, value in {**strings, **free}.items() if name not in names}


def _require_allowed(request: ExecutionInput, search: Search, dataset: Dataset, job: Mapping[str, Any]) -> None:
    problems = [
        Problem(f"input.search.{name}", got, f"at most {most}, which the stage allows")
        for name, got in (("trials", search.trials), ("parallel", search.parallel))
        if (most := job.get(name)) is not None and got > most
    ]
    if request.task == "inpaint" and not dataset.files.photos:
        allowed = f"one with photos in {EVALUATION}: by pictures that a training has learnt from, the one that copies them would be best"
        problems.append(Problem("input.search", f"a data set without {EVALUATION}", allowed))
    refuse(problems)


def _range(name: str, each: SearchRange) -> tuple[str, dict[str, Any]]:
    """A range as SageMaker's ParameterRanges name and hold it."""
    if each.values is not None:
        return "CategoricalParameterRanges", {"Name": name, "Values": [as_string(value) for value in each.values]}
    assert each.min is not None
    assert each.max is not None
    whole = is_whole(name)
    ends = {"MinValue": each.min, "MaxValue": each.max}
    numbers = {end: str(int(value) if whole else value) for end, value in ends.items()}
    kind = "IntegerParameterRanges" if whole else "ContinuousParameterRanges"
    return kind, {"Name": name, **numbers, "ScalingType": _SCALES[each.scale]}
