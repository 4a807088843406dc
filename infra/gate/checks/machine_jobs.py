"""Jobs of the state machines: a quota is final, and the metrics that are read from a log can be found there."""

import re
from collections.abc import Iterator, Mapping

from infra.gate.assembly import Assembly
from infra.gate.finding import Finding
from infra.gate.job_requests import trial_of
from infra.gate.machines import Definition, machines
from infra.gate.sources import Sources

_NAME = "machine jobs"


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    for machine in machines(assembly):
        for name, state in machine.tasks.items():
            errors = (str(error) for rule in state.get("Retry", []) for error in rule.get("ErrorEquals", []))
            for error in errors:
                if "LimitExceeded" in error:
                    wrong = f"it retries {error}: a quota is as small a minute later"
                    yield machine.finding(_NAME, name, wrong, "Let it fail, and say which quota to raise")
            yield from _metrics(machine, name, state)


def _metrics(machine: Definition, name: str, state: Mapping[str, object]) -> Iterator[Finding]:
    arguments = state.get("Arguments")
    algorithm = trial_of(arguments).get("AlgorithmSpecification", {}) if isinstance(arguments, Mapping) else {}
    for metric in algorithm.get("MetricDefinitions", []):
        try:
            groups = re.compile(str(metric.get("Regex"))).groups
        except re.error as error:
            yield machine.finding(_NAME, name, f"the expression of metric {metric.get('Name')}: {error}", "Correct it")
            continue
        if groups != 1:
            wrong = f"the expression of metric {metric.get('Name')} has {groups} groups"
            yield machine.finding(_NAME, name, wrong, "Put the number in one group")
