"""What predictions and batches cost besides the machines that paint them: invocations of functions, and state transitions.

How often functions are invoked and states are entered is the design's. How long functions run on AWS is not known here, so their time is
given by the 100 ms. Not in it: looks of clients, retries, API Gateway, the table, storage and logs.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from infra.settings.stage import Stage

INVOCATION_DOLLARS = 0.20 / 1_000_000
"""https://aws.amazon.com/lambda/pricing/, whose worked examples have it as of September 2026."""
GB_SECOND_DOLLARS = 0.0000133334
"""Of an Arm function in us-east-1, the first tier. The same page draws its tables by script: this is from those who wrote them down in
2024, and not read anew."""
TRANSITION_DOLLARS = 0.025 / 1_000
"""In us-east-1: https://aws.amazon.com/step-functions/pricing/, read from a stored copy without a date."""

MEMORY_MIB: Mapping[str, int] = {
    "api": 1024,
    "authorize": 256,
    "inference_result": 1024,
    "paint_item": 512,
    "ask_endpoint": 512,
}
"""Of the functions that a prediction passes through; a test compares it with the templates."""

STATES_OF_AN_ITEM = 2
"""A Distributed Map is charged one transition for each execution that it starts, which has one state:
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-transitions.html."""
STATES_AROUND = ("PrepareBatch", "HasItems", "PaintItems", "ReportBatch", "Succeed")

_TIME = 0.1
"""Seconds: of what functions take, the unit in which it is said."""


@dataclass(frozen=True, kw_only=True)
class FunctionCosts:
    """US dollars for ``invocations`` of functions and ``transitions`` of states; each 100 ms that each one runs adds ``dollars_a_time``."""

    invocations: int
    transitions: int
    dollars: float
    dollars_a_time: float


def of_predictions(stage: Stage, count: int) -> FunctionCosts:
    """``count`` predictions that clients post: the request, and the answer that is stored."""
    signed = () if stage.api.signed else ("authorize",)
    return _costs(("api", "inference_result", *signed, *_asking(stage)), count)


def of_batch(stage: Stage, count: int) -> FunctionCosts:
    """A batch of ``count`` rows. What reads and reports it runs twice in all, which is left out."""
    return _costs(
        ("paint_item", "api", "inference_result", *_asking(stage)),
        count,
        transitions=len(STATES_AROUND) + STATES_OF_AN_ITEM * count,
    )


def _asking(stage: Stage) -> tuple[str, ...]:
    """Of a real-time endpoint a function waits for each answer, for as long as the model paints."""
    return ("ask_endpoint",) if stage.serving.is_real_time else ()


def _costs(functions: tuple[str, ...], count: int, *, transitions: int = 0) -> FunctionCosts:
    invocations = len(functions) * count
    gigabytes = sum(MEMORY_MIB[name] for name in functions) / 1024
    return FunctionCosts(
        invocations=invocations,
        transitions=transitions,
        dollars=invocations * INVOCATION_DOLLARS + transitions * TRANSITION_DOLLARS,
        dollars_a_time=count * gigabytes * _TIME * GB_SECOND_DOLLARS,
    )
