"""Step Functions: SageMaker integrations with `.sync`, the state machine's own role, errors as AWS names them."""

import contextlib
import contextvars
import json
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ministack.services import stepfunctions

from local.errors import ServiceError
from local.faults import Fault, Faults
from local.sagemaker.control_plane import ControlPlane
from local.sagemaker.store import epoch_milliseconds
from local.sdk_errors import exception_class
from local.seams import executions, history, objects, redrive, task_permissions
from local.seams.services import AUTOSCALING, TARGET_PREFIXES, task_machines

_POLL_SECONDS = 0.1
_MOST_TOKENS = 100_000
_SYNC = ("createTrainingJob", "createProcessingJob", "createHyperParameterTuningJob")
_OPTIMIZED = {*_SYNC, "createModel", "createEndpointConfig", "createEndpoint", "updateEndpoint"}
_PREFIX = "arn:aws:states:::sagemaker:"


@dataclass(kw_only=True)
class RunningExecution:
    """The execution a thread works for: its record, its role, and whether a task of it ran out of time."""

    record: dict[str, Any]
    role: str
    timed_out: threading.Event = field(default_factory=threading.Event)

    @property
    def over(self) -> bool:
        """Whether the execution has ended or the task has run out of time, so that its result is not needed."""
        return self.record["status"] != "RUNNING" or self.timed_out.is_set()


_current: contextvars.ContextVar[RunningExecution | None] = contextvars.ContextVar("local_run", default=None)


def running_execution() -> RunningExecution | None:
    """The execution that this thread works for."""
    return _current.get()


@contextlib.contextmanager
def working_for(record: dict[str, Any]) -> Iterator[None]:
    """Let this thread work for a child of the execution that it works for, with the same role."""
    run = _current.get()
    token = _current.set(RunningExecution(record=record, role=run.role) if run else None)
    try:
        yield
    finally:
        _current.reset(token)


_token: contextvars.ContextVar[str | None] = contextvars.ContextVar("local_token", default=None)


def install(sagemaker: ControlPlane, root_client: Callable[[str], Any], faults: Faults) -> None:
    """Add the integrations and enforce the role of each state machine.

    `root_client(service)` is a boto3 client of the account's root: the role has been checked before a task runs.
    """
    stepfunctions._SERVICE_DISPATCH[_PREFIX] = lambda resource, data: _sagemaker_task(sagemaker, faults, resource, data)
    sdk = stepfunctions._AWS_SDK_SERVICE_MAP
    sdk["sagemaker"] = {"target_prefix": TARGET_PREFIXES["sagemaker"], "protocol": "json"}
    sdk["applicationautoscaling"] = {
        "target_prefix": TARGET_PREFIXES[AUTOSCALING], "protocol": "json", "service_key": AUTOSCALING,
    }  # fmt: skip
    stepfunctions._AWS_SDK_ERROR_PREFIX.update(sagemaker="SageMaker", applicationautoscaling="ApplicationAutoScaling")
    stepfunctions._prefix_sdk_error = sdk_error_name
    for action in objects.TASKS:
        stepfunctions._SERVICE_DISPATCH[f"{objects.PREFIX}{action}"] = objects.task(action, root_client)
    executions.install()
    history.install()
    redrive.install()
    _follow_runs()
    _check_roles(sagemaker)
    _time_out_with_stop()
    stepfunctions._api_name_to_sfn_key = sdk_member_name
    _fail_failed_callbacks(sagemaker)


def sdk_error_name(service: str, code: str) -> str:
    """The name under which an SDK task fails with a service's error `code`."""
    if code.startswith("States."):
        return code
    prefix = stepfunctions._AWS_SDK_ERROR_PREFIX.get(service, service.capitalize())
    code = code.removeprefix(f"{prefix}.")
    # ministack adds the suffix to S3's codes.
    known = exception_class(service, code) or exception_class(service, code.removesuffix("Exception"))
    return f"{prefix}.{known or f'{prefix}Exception'}"


def sdk_member_name(name: str) -> str:
    """An API's member as SDK tasks name it: only an acronym at the start changes (the SDK for Java's `unCapitalize`).

    `DBClusterArn` is `DbClusterArn`, and `PolicyARN` stays; ministack makes that `Policyarn`.
    """
    acronym = re.match(r"[A-Z]+(?![a-z])", name)
    return name[:1].upper() + name[1:] if acronym is None else acronym[0].capitalize() + name[acronym.end() :]


def _follow_runs() -> None:
    run_execution = stepfunctions._run_execution

    def run(exec_arn: str) -> None:
        execution = stepfunctions._executions.get(exec_arn)
        machine = execution and stepfunctions._state_machines.get(execution["stateMachineArn"])
        token = _current.set(RunningExecution(record=execution, role=machine["roleArn"]) if machine else None)
        try:
            run_execution(exec_arn)
        finally:
            _current.reset(token)

    stepfunctions._run_execution = run


def _check_roles(sagemaker: ControlPlane) -> None:
    invoke = stepfunctions._invoke_resource

    def checked(resource: str, data: Any) -> Any:
        _check(sagemaker, resource, data)
        result = invoke(resource, data)
        executions.check_size(result, "its result")
        return result

    stepfunctions._invoke_resource = checked


def _check(sagemaker: ControlPlane, resource: str, data: Any) -> None:
    executions.check_size(data, "its arguments")
    run = _current.get()
    if run is None:
        return
    task_permissions.check(sagemaker, resource, data, role=run.role, session=run.record["name"])


def _time_out_with_stop() -> None:
    """Let TimeoutSeconds end the job that a `.sync` task waits for, too."""
    invoke = stepfunctions._invoke_resource_with_timeout

    def timed(resource: str, data: Any, timeout: float) -> Any:
        run = _current.get()
        if run is None:
            return invoke(resource, data, timeout)
        inner = RunningExecution(record=run.record, role=run.role)
        token = _current.set(inner)
        try:
            return invoke(resource, data, timeout)
        except stepfunctions._ExecutionError as error:
            if error.error == "States.Timeout":
                inner.timed_out.set()
            raise
        finally:
            _current.reset(token)

    stepfunctions._invoke_resource_with_timeout = timed


def _fail_failed_callbacks(sagemaker: ControlPlane) -> None:
    """Let `lambda:invoke.waitForTaskToken` fail with the function's exception; ministack goes on waiting for the token."""
    invoke_with_callback = stepfunctions._invoke_with_callback
    call_lambda = stepfunctions._call_lambda

    def call(func_ref: Any, event: Any) -> Any:
        try:
            return call_lambda(func_ref, event)
        except stepfunctions._ExecutionError as failure:
            error = stepfunctions._ExecutionError(_lambda_error_name(failure), failure.cause)
            # The callback integration swallows this; answering its token ends its wait with the same error.
            waiting = stepfunctions._task_tokens.get(_token.get())
            if waiting is not None:
                waiting["error"] = {"Error": error.error, "Cause": error.cause}
                waiting["event"].set()
            raise error from failure

    def invoke(resource: str, data: Any, token: str, state: dict[str, Any]) -> Any:
        _check(sagemaker, resource, data)
        run = _current.get()
        if run:
            task_machines[token] = run.record["stateMachineArn"]
        waiting = _token.set(token)
        try:
            return invoke_with_callback(resource, data, token, state)
        finally:
            _token.reset(waiting)
            # Kept, so that who answers too late is told that nobody waits, and not that he may not.
            while len(task_machines) > _MOST_TOKENS:
                task_machines.pop(next(iter(task_machines)), None)

    stepfunctions._call_lambda = call
    stepfunctions._invoke_with_callback = invoke


def _lambda_error_name(error: Any) -> str:
    """The name of a function's failure; ministack calls it unknown where Lambda did not start the function at all.

    https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html ("Lambda.TooManyRequestsException")
    """
    throttled = error.error == "Lambda.Unknown" and '"TooManyRequestsException"' in error.cause
    return "Lambda.TooManyRequestsException" if throttled else str(error.error)


def _sagemaker_task(sagemaker: ControlPlane, faults: Faults, resource: str, data: dict[str, Any]) -> Any:
    """`arn:aws:states:::sagemaker:<action>[.sync]`."""
    action, _, pattern = resource.removeprefix(_PREFIX).partition(".")
    if action not in _OPTIMIZED or pattern not in ("", "sync") or (pattern and action not in _SYNC):
        raise stepfunctions._ExecutionError(
            "States.Runtime",
            f"{resource}: not an integration of the local cloud; allowed: {sorted(_OPTIMIZED)}, .sync of {sorted(_SYNC)}",
        )
    called = action[0].upper() + action[1:]
    try:
        answer = _begun(sagemaker, action, pattern, data) or sagemaker.dispatch(called, data)
        if faults.happens(Fault.LOST_ANSWER, called):
            cause = "Unable to execute HTTP request: Read timed out"
            raise stepfunctions._ExecutionError("SageMaker.SdkClientException", cause)
        if pattern:
            answer = _follow_job(sagemaker, action.removeprefix("create"), data)
    except ServiceError as error:
        # The optimized integration's general class is that of the SDK for Java 1.
        name = exception_class("sagemaker", error.code) or "AmazonSageMakerException"
        cause = f"{error.message} (Service: AmazonSageMaker; Status Code: {error.status}; Error Code: {error.code})"
        raise stepfunctions._ExecutionError(f"SageMaker.{name}", cause) from error
    return epoch_milliseconds(answer)


def _begun(sagemaker: ControlPlane, action: str, pattern: str, data: dict[str, Any]) -> dict[str, Any] | None:
    """The job of a `.sync` task that had begun it when the server ended; None where there is none."""
    if not pattern or not redrive.in_interrupted_state.get():
        return None
    kind = action.removeprefix("create")
    with contextlib.suppress(ServiceError):
        return sagemaker.dispatch(f"Describe{kind}", {f"{kind}Name": data[f"{kind}Name"]})
    return None


def _follow_job(sagemaker: ControlPlane, kind: str, data: dict[str, Any]) -> dict[str, Any]:
    """Wait for the end of a `TrainingJob`, `ProcessingJob` or `HyperParameterTuningJob`; stop it when its result is not needed any more."""
    name = {f"{kind}Name": data[f"{kind}Name"]}
    run, pause = _current.get(), threading.Event()
    while True:
        job = sagemaker.dispatch(f"Describe{kind}", name)
        status = job[f"{kind}Status"]
        if status == "Completed":
            return job
        if status in ("Failed", "Stopped"):
            raise stepfunctions._ExecutionError("States.TaskFailed", json.dumps(epoch_milliseconds(job)))
        if run and run.over and status == "InProgress":
            with contextlib.suppress(ServiceError):  # it may have ended this moment
                sagemaker.dispatch(f"Stop{kind}", name)
        pause.wait(_POLL_SECONDS)
