"""Times of a state machine: heartbeat < the state's limit < the machine's; and what a state waits for ends before the state gives up."""

from collections.abc import Iterator, Mapping
from typing import Any

from infra.gate.assembly import Assembly
from infra.gate.finding import Finding
from infra.gate.job_requests import trial_of
from infra.gate.machines import Definition, integration, machines
from infra.gate.sources import Sources

_NAME = "machine times"
_MOST_BACKOFF_SECONDS = 2 * 3600


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    for machine in machines(assembly):
        for name, state in machine.tasks.items():
            yield from _limits(machine, name, state)
            yield from _called(assembly, machine, name, state)
            yield from _retries(machine, name, state)
        yield from _waits(machine)


def _limits(machine: Definition, name: str, state: Mapping[str, Any]) -> Iterator[Finding]:
    limit, whole = state.get("TimeoutSeconds"), machine.definition.get("TimeoutSeconds", 0)
    if not isinstance(limit, int) or limit <= 0:
        wrong = f"TimeoutSeconds is {limit}: a call that is never answered would hold the run"
        yield machine.finding(_NAME, name, wrong, "Give it a number of seconds")
        return
    if limit > whole:
        wrong = f"it may take {limit} s, the whole run only {whole} s"
        yield machine.finding(_NAME, name, wrong, "Shorten the state, or lengthen the machine")
    beat = state.get("HeartbeatSeconds")
    if beat is not None and not 0 < beat < limit:
        wrong = f"HeartbeatSeconds {beat} is not below TimeoutSeconds {limit}"
        yield machine.finding(_NAME, name, wrong, "Make the heartbeat shorter")


def _called(assembly: Assembly, machine: Definition, name: str, state: Mapping[str, Any]) -> Iterator[Finding]:
    limit, arguments, called = state.get("TimeoutSeconds", 0), state.get("Arguments", {}), integration(state)
    if called.startswith("lambda:invoke"):
        for function in assembly.referenced(str(arguments.get("FunctionName"))):
            seconds = function.properties.get("Timeout", 3)
            if not isinstance(limit, int) or seconds >= limit:
                wrong = f"it gives up after {limit} s, its function {function.name} runs up to {seconds} s"
                yield machine.finding(_NAME, name, wrong, "Give the state more time than its function has")
    if called.endswith("Job.sync"):
        limits = arguments.get("HyperParameterTuningJobConfig", {}).get("ResourceLimits", {})
        if limits and not limits.get("MaxRuntimeInSeconds", limit) < limit:
            wrong = f"it gives up after {limit} s, its search may take {limits.get('MaxRuntimeInSeconds')} s"
            yield machine.finding(_NAME, name, wrong, "Give the search a limit, and the state more time than that")
        arguments = trial_of(arguments)
        stopping = arguments.get("StoppingCondition", {})
        if not stopping.get("MaxRuntimeInSeconds"):
            wrong = "its job has no StoppingCondition.MaxRuntimeInSeconds: SageMaker's default is a day"
            yield machine.finding(_NAME, name, wrong, "Give the job a limit")
        elif max(stopping.values()) >= limit:
            wrong = f"it gives up after {limit} s, its job may run {max(stopping.values())} s"
            yield machine.finding(_NAME, name, wrong, "Give the state more time than its job has")
        wait, longest = stopping.get("MaxWaitTimeInSeconds"), stopping.get("MaxRuntimeInSeconds", 0)
        spot = arguments.get("EnableManagedSpotTraining", False)
        if spot != (wait is not None) or (wait or longest) < longest:
            wrong = f"EnableManagedSpotTraining is {spot} with MaxWaitTimeInSeconds {wait} and MaxRuntimeInSeconds {longest}"
            yield machine.finding(
                _NAME, name, wrong, "A spot job waits at least as long as it runs; no other job waits"
            )


def _retries(machine: Definition, name: str, state: Mapping[str, Any]) -> Iterator[Finding]:
    if not state.get("Retry"):
        yield machine.finding(
            _NAME, name, "it has no Retry: a throttled call ends a paid run", "Retry temporary errors"
        )
    for rule in state.get("Retry", []):
        attempts, seconds, rate = (rule.get(key) for key in ("MaxAttempts", "IntervalSeconds", "BackoffRate"))
        good = isinstance(attempts, int) and 0 < attempts <= 100 and isinstance(seconds, int) and seconds >= 1
        if not good or not isinstance(rate, int | float) or not 1 <= rate <= 5:
            wrong = f"a Retry has MaxAttempts {attempts}, IntervalSeconds {seconds}, BackoffRate {rate}"
            yield machine.finding(_NAME, name, wrong, "Use 1 to 100 attempts, at least a second, a rate of 1 to 5")
        elif seconds * sum(rate**n for n in range(attempts)) > _MOST_BACKOFF_SECONDS:
            wrong = f"a Retry waits more than {_MOST_BACKOFF_SECONDS} s in all"
            yield machine.finding(_NAME, name, wrong, "Use fewer attempts or a smaller rate")


def _waits(machine: Definition) -> Iterator[Finding]:
    for name, state in machine.states.items():
        if state.get("Type") == "Wait" and not 0 < state.get("Seconds", 0) <= 24 * 3600:
            wrong = f"it waits {state.get('Seconds')} s"
            yield machine.finding(_NAME, name, wrong, "Wait for 1 second to a day")
