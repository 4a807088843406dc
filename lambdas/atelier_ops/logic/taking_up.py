"""Who does the rest of a run that did not succeed: one execution at a time, so that nothing is paid twice."""

import json

from atelier_ops.gateways.storage import ObjectStore
from atelier_ops.gateways.workflow import UNSUCCESSFUL, Executions
from contracts.errors import InvalidInputError
from contracts.layout import TAKEN_UP, run_prefix


def take_up(run: str, execution: str, data: ObjectStore, executions: Executions) -> None:
    """Write down that ``execution`` does the rest of ``run``; harmless when repeated.

    Raises InvalidInputError while another execution does, and after one has.
    """
    body = json.dumps({"execution": execution}).encode()
    while True:
        stored = data.read_tagged(_key(run))
        holder = _holder(stored)
        if holder == execution:
            return
        if _keeps(holder, executions):
            allowed = "one whose rest no other execution does: take up that one, should it fail"
            raise InvalidInputError("input.resume", got=f"run {run}, whose rest {holder} does", allowed=allowed)
        if data.write_if(_key(run), body, "application/json", etag=stored[1] if stored else None):
            return


def taken_up_by(run: str, data: ObjectStore, executions: Executions) -> str:
    """The execution that does the rest of ``run`` or has done it; empty where there is none."""
    holder = _holder(data.read_tagged(_key(run)))
    return holder if _keeps(holder, executions) else ""


def _keeps(holder: str, executions: Executions) -> bool:
    """One that Step Functions does not find yet has been started this moment."""
    found = executions.describe(holder) if holder else None
    return bool(holder) and (found is None or found.status not in UNSUCCESSFUL)


def _holder(stored: tuple[bytes, str] | None) -> str:
    return str(json.loads(stored[0])["execution"]) if stored else ""


def _key(run: str) -> str:
    return run_prefix(run) + TAKEN_UP
