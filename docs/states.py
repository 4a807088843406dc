"""The charts and tables of states in ``architecture.md``, read from the steps of both state machines."""

from functools import cache

from infra.node import use_packaged_node

use_packaged_node()

from aws_cdk import App  # noqa: E402  jsii starts Node.js when aws_cdk is imported

from docs.markdown import table  # noqa: E402
from docs.state_charts import chart  # noqa: E402
from infra.application import add_stacks, feature_flags  # noqa: E402
from infra.components.workflow.flow import Flow, states, steps  # noqa: E402
from infra.components.workflow.step import Step  # noqa: E402
from infra.config import STAGES  # noqa: E402
from infra.stacks.training import TrainingStack  # noqa: E402

_DAY, _HOUR, _MINUTE = 86_400, 3_600, 60


def fine_tuning_states() -> str:
    """The states of the fine-tuning machine."""
    return _table(_training().workflow.flow)


def pretraining_states() -> str:
    """The states of the pretraining machine."""
    return _table(_training().pretraining.flow)


def fine_tuning_chart() -> str:
    """The ways through the fine-tuning machine."""
    return chart(_training().workflow.flow)


def pretraining_chart() -> str:
    """The ways through the pretraining machine."""
    return chart(_training().pretraining.flow)


@cache
def _training() -> TrainingStack:
    """The stack of the smallest stage: every stage has the same states."""
    return add_stacks(App(context=feature_flags()), STAGES["trial"]).training


def _table(flow: Flow) -> str:
    """Every state but the waits for jobs that are there already: the page says in words how these go on."""
    known, found = {step.name: step for step in steps(flow)}, states(flow, "Succeed")
    waits = {name for name, state in found.items() if state["Type"] == "Wait"}
    rows = []
    for name, state in found.items():
        if name in known:
            step = known[name]
            rows.append([name, step.does, _call(step), " ".join(f"`${kept}`" for kept in step.assign), _limit(step)])
        elif state["Type"] == "Pass":
            output = state["Output"].removeprefix("{% ").removesuffix(" %}")
            rows.append([name, f"Say as the run's output `{output}`", "", "", ""])
        elif name not in waits and not waits.intersection(rule["Next"] for rule in state["Choices"]):
            rule, default = state["Choices"][0], state["Default"]
            condition = rule["Condition"].strip("{% }")
            rows.append([name, f"Where `{condition}`: {rule['Next']}; else: {default}", "choice", "", ""])
    return table(["state", "what it does", "calls", "leaves", "at most"], rows)


def _call(step: Step) -> str:
    if not step.handler:
        return f"`{step.resource}`"
    payload = ", ".join(f'"{key}"' for key in step.arguments["Payload"])
    waits = " and waits for an answer to the token" if step.resource.endswith(".waitForTaskToken") else ""
    return f"Lambda `{step.handler}` with `{{{payload}}}`{waits}"


def _limit(step: Step) -> str:
    """A job's limit is a setting of the stage, so only its extra hour for capacity is told in the text."""
    if step.job:
        return "the stage's limit and an hour"
    for unit, word in ((_DAY, "day"), (_HOUR, "hour"), (_MINUTE, "minute")):
        if step.seconds % unit == 0:
            count = step.seconds // unit
            return f"{count} {word}{'s' if count > 1 else ''}"
    return f"{step.seconds} seconds"
