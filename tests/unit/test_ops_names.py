"""Names made at run time: what SageMaker takes, the same every time, and never shared."""

import re

from hypothesis import assume, given
from hypothesis import strategies as st

from atelier_ops.logic.names import bounded, run_jobs, style_endpoint
from contracts.job_kinds import LONGEST_JOB_NAME
from contracts.layout import STYLE_PATTERN

SAGEMAKER = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")
executions = st.text(min_size=1, max_size=80)
styles = st.from_regex(STYLE_PATTERN, fullmatch=True)


def job_name(prefix: str, execution: str, step: str, kind: str = "training") -> str:
    return str(run_jobs({step: {"kind": kind}}, prefix, execution)[step]["name"])


@given(execution=executions, suffix=st.sampled_from(["seg", "train", "eval"]))
def test_a_job_name_is_legal_and_says_its_step(execution: str, suffix: str) -> None:
    name = job_name("atelier-trial", execution, suffix)
    assert SAGEMAKER.fullmatch(name)
    assert name.startswith("atelier-trial-")
    assert name.endswith(f"-{suffix}")


@given(one=executions, other=executions)
def test_different_executions_have_different_jobs(one: str, other: str) -> None:
    assume(one != other)
    assert job_name("atelier-dev", one, "train") != job_name("atelier-dev", other, "train")


@given(one=executions, other=executions)
def test_a_tuning_jobs_name_leaves_room_for_its_trials(one: str, other: str) -> None:
    assume(one != other)
    names = {job_name("atelier-trial", run, "search", "tuning") for run in (one, other)}
    assert len(names) == 2
    assert all(SAGEMAKER.fullmatch(name) and len(name) <= LONGEST_JOB_NAME["tuning"] for name in names)


@given(style=styles, version=st.integers(1, 999_999))
def test_names_of_a_style_are_legal_and_start_with_the_prefix(style: str, version: int) -> None:
    for name in (style_endpoint("atelier-trial", style, version), bounded(f"atelier-trial-{style}")):
        assert SAGEMAKER.fullmatch(name)
        assert name.startswith("atelier-trial-")


@given(style=styles, one=st.integers(1, 999_999), other=st.integers(1, 999_999))
def test_versions_of_a_long_name_stay_apart(style: str, one: int, other: int) -> None:
    assume(one != other)
    assert style_endpoint("atelier-trial", style, one) != style_endpoint("atelier-trial", style, other)


def test_a_legal_short_name_stays_as_it_is() -> None:
    assert bounded("atelier-dev-Run-7") == "atelier-dev-Run-7"
