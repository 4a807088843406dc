"""What the server knows outlives it: a request that changes something is answered when the change is written.

Who waits for no answer is written some seconds later: logs, the states of alarms, what one service does for another. While stacks are
deployed nothing of the services is written, so that a deployment that the server's end interrupts has not happened.
"""

import asyncio
import json
import logging
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ministack import app
from ministack.core import lambda_runtime
from ministack.core.responses import request_scope
from ministack.services import cloudformation, lambda_svc

from local.durable import Durable, damaged
from local.errors import ServiceError
from local.room import require_room
from local.sagemaker.runtime import Response
from local.seams import kept_objects
from local.seams.kept_executions import ExecutionKeeper
from local.seams.kept_items import ItemKeeper
from local.seams.kept_logs import LogKeeper
from local.seams.kept_services import ServiceKeeper
from local.stamp import NAME as STAMP

_LOG = logging.getLogger("local.kept")
_PAUSE_SECONDS = 3.0
_READS = re.compile(
    "Describe|Get|List|Query|Scan|BatchGet|Head|TransactGet|Filter|GenerateMac$|Lookup|Search|Sign$|Simulate|Test|Validate|Start.*Query|Stop.*Query"
)
_LATER = re.compile("Publish|PutEvents|PutMetricData|PutLogEvents|Invoke")
_ITEMS = re.compile("(Put|Update|Delete|BatchWrite|TransactWrite)Items?|.*(Statement|ExecuteTransaction)")
_FORM_ACTION = re.compile(rb"(?:^|&)Action=(\w+)")
_INVOCATION = re.compile(r"/functions/[^/]+/(invocations|invoke-async)")
_OBJECT = re.compile(r"/[^/]+/.")
"""The path of an object, which ministack has written to a file of its own."""

_TABLES, _EXECUTIONS = "dynamodb", "stepfunctions"


class Keeper:
    """Everything that ministack's services know. `also` writes what others know, and raises ServiceError where it cannot."""

    def __init__(self, run_dir: Path, durable: Durable, also: Callable[[], None]) -> None:
        self._run_dir, self._durable, self._also = run_dir, durable, also
        self._services = ServiceKeeper(durable, run_dir / "state" / "blobs")
        self._items, self._logs, self._executions = (
            ItemKeeper(durable),
            LogKeeper(durable),
            ExecutionKeeper(durable, also),
        )
        self._deploying = False
        self._changed = threading.Event()
        self._saving = threading.Lock()

    def install(self) -> None:
        """Restore what was kept, and keep what changes. To be called when everything else is installed, before the first request."""
        self._restore()
        self._items.install()
        self._executions.install()
        _open_sessions()
        load = app._get_module

        def loaded(name: str) -> Any:
            module = load(name)
            if hasattr(module, "get_state") and not hasattr(module, "local_kept"):
                module.local_kept, module.handle_request = True, self._keeping(name, module.handle_request)
            return module

        app._get_module = loaded
        threading.Thread(target=self._save_now_and_then, name="keeper", daemon=True).start()

    def _restore(self) -> None:
        try:
            kept_objects.install()
            for kept in (self._services, self._items, self._logs, self._executions):
                kept.restore()
        except Exception as error:  # whatever a file or a row is like that nobody of ours has written
            _LOG.debug("restore", exc_info=True)
            raise damaged(self._run_dir / "state", f"{type(error).__name__}: {error}") from error

    def resume(self) -> None:
        """Let executions go on. To be called when requests are answered."""
        self._executions.resume()

    def close(self) -> None:
        """Write everything that is not written yet, and nothing from now on: what the server's end does to jobs is not their end."""
        try:
            self.save()
        except ServiceError as error:
            _LOG.error("%s", error.message)
        self._durable.freeze()

    def save(self) -> None:
        """Write everything that is not written yet. Raises ServiceError where the disk is full."""
        if not (self._run_dir / STAMP).exists():
            return  # somebody has moved or removed the folder: it is not to be there again in part
        with self._saving:
            self._changed.clear()
            try:
                if not self._deploying or self._settled():
                    self._deploying = False
                    self._save_services(*self._services.names())
                self._items.save()
                self._executions.save()
                self._logs.save()
                self._also()
            except ServiceError:
                self._changed.set()
                raise

    def _keeping(self, name: str, handle: Callable[..., Any]) -> Callable[..., Any]:
        async def handle_and_keep(
            method: str, path: str, headers: Any, body: bytes, query: Any, *rest: Any, **more: Any
        ) -> Response:
            action = _action(method, path, headers, body, query)
            if _READS.match(action):
                if self._deploying and name == "cloudformation":
                    await asyncio.to_thread(self._end_deployment)
                response: Response = await handle(method, path, headers, body, query, *rest, **more)
                return response
            self._deploying = self._deploying or name == "cloudformation"
            try:
                require_room(self._run_dir, len(body))
                kept_objects.begin_request()
                response = await handle(method, path, headers, body, query, *rest, **more)
                kept_objects.require_written()
                self._changed.set()
                if not (_LATER.match(action) or (name == "s3" and _OBJECT.match(path))):
                    await asyncio.to_thread(self._keep, name, action)
            except ServiceError as error:
                self._changed.set()
                return _refusal(error, name)
            return response

        return handle_and_keep

    def _keep(self, name: str, action: str) -> None:
        if name == _TABLES and _ITEMS.fullmatch(action):
            self._items.save()
        elif not self._deploying:
            self._save_services(name, *_parts(name))
        if name == _EXECUTIONS:  # what the threads of executions could not write is not to be told as done
            self._executions.save()

    def _save_services(self, *names: str) -> None:
        self._services.save(*names)
        if _TABLES in names:
            self._items.forget_dropped()

    def _end_deployment(self) -> None:
        """Write everything before it is told that a stack is complete."""
        if self._settled():
            self.save()

    def _settled(self) -> bool:
        stacks = list(cloudformation._stacks._data.values())
        return not any(stack["StackStatus"].endswith("_IN_PROGRESS") for stack in stacks)

    def _save_now_and_then(self) -> None:
        pause = threading.Event()
        while not pause.wait(_PAUSE_SECONDS):
            if self._changed.is_set():
                try:
                    self.save()
                except ServiceError as error:
                    _LOG.error("%s", error.message)
                except Exception:  # noqa: BLE001  the edge of this thread: what was not written is tried again
                    _LOG.exception("the state was not written")
                    self._changed.set()


def _open_sessions() -> None:
    """Know the credentials of every function again: addresses that it has signed are valid for longer than the server lives."""
    for (account, region, _), function in list(lambda_svc._functions._data.items()):
        with request_scope(account, region):
            lambda_runtime.execution_credentials(function["config"])


def _parts(name: str) -> list[str]:
    """The modules that answer some of a service's requests in its name."""
    return [
        part
        for config in app.SERVICE_REGISTRY.values()
        if config["module"] == name
        for part in config.get("sub_modules", ())
    ]


def _action(method: str, path: str, headers: Any, body: bytes, query: Any) -> str:
    """What a request asks for: its action, or one like it where the API has paths and methods."""
    lower = {str(key).lower(): value for key, value in headers.items()}
    if target := lower.get("x-amz-target"):
        return str(target).rpartition(".")[2]
    if form := (query or {}).get("Action"):
        return str(form[0] if isinstance(form, list) else form)
    if method == "POST" and (found := _FORM_ACTION.search(body[:10_000])):
        return found[1].decode()
    if _INVOCATION.search(path):
        return "Invoke"
    return "Get" if method in ("GET", "HEAD", "OPTIONS") else "Put"


def _refusal(error: ServiceError, name: str) -> Response:
    """The error in the shape that the service's clients read."""
    if name in ("s3", "sqs", "sns", "iam", "sts", "cloudformation", "cloudwatch"):
        text = f"<Error><Code>{error.code}</Code><Message>{error.message}</Message></Error>"
        inner = text if name == "s3" else f"<ErrorResponse>{text}</ErrorResponse>"
        return error.status, {"Content-Type": "application/xml"}, inner.encode()
    content = json.dumps({"__type": error.code, "message": error.message}).encode()
    return error.status, {"Content-Type": "application/x-amz-json-1.1", "x-amzn-errortype": error.code}, content
