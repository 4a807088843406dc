"""The door at which calls fail: what a function, a job or a model server asks of a service, refused or left without its answer.

Calls of the account's root pass: those are of whoever tests, and of the services themselves. What a state machine calls comes by no door;
`Fault` says which faults reach it.
Codes: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html, the models of botocore for the other services, and
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
"""

import json
from http import HTTPStatus
from urllib.parse import parse_qs

from hypercorn.typing import ASGIFramework, ASGIReceiveCallable, ASGISendCallable, ASGISendEvent, HTTPScope, Scope
from ministack.core import iam_actions, router

from local.faults import CALLS, Fault, Faults
from local.sagemaker.backend import ROOT_KEY

_CODES = {
    "s3": {Fault.THROTTLED: (503, "SlowDown"), Fault.FAILED: (500, "InternalError")},
    "dynamodb": {Fault.FAILED: (500, "InternalServerError")},
}
_USUAL_CODES = {
    Fault.THROTTLED: (400, "ThrottlingException"),
    Fault.FAILED: (500, "InternalFailure"),
    Fault.UNAVAILABLE: (503, "ServiceUnavailable"),
}


def fault_door(app: ASGIFramework, faults: Faults) -> ASGIFramework:
    """`app`, with the faults that are switched on in front of it."""

    async def answer(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        action = _action(scope) if scope["type"] == "http" else ""
        fault = faults.first(CALLS, action) if action else None
        if fault is None:
            await app(scope, receive, send)
            return
        if fault is Fault.LOST_ANSWER:
            await app(scope, receive, _nowhere)
        else:
            await _read_all(receive)
        # A connection that breaks off looks to an SDK as a 500 does: it tries again.
        await _refuse(send, action, Fault.FAILED if fault is Fault.LOST_ANSWER else fault)

    return answer


def _action(scope: HTTPScope) -> str:
    """The action of a signed call that is not root's, such as `s3:PutObject`; empty for everything else."""
    path = scope["path"]
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    caller = "" if path.startswith("/_") else router.extract_access_key_id(headers, query)
    if caller in ("", ROOT_KEY):
        return ""
    service = router.detect_service(scope["method"], path, headers, query)
    return iam_actions.extract_iam_action(service, scope["method"], path, headers, b"", query) or ""


async def _nowhere(_: ASGISendEvent) -> None:
    """Where lost answers go."""


async def _read_all(receive: ASGIReceiveCallable) -> None:
    """Take in the request's body, so that the connection can be used again."""
    more = True
    while more:
        event = await receive()
        more = event["type"] == "http.request" and event["more_body"]


async def _refuse(send: ASGISendCallable, action: str, fault: Fault) -> None:
    service = action.partition(":")[0]
    status, code = {**_USUAL_CODES, **_CODES.get(service, {})}[fault]
    message = f"{HTTPStatus(status).phrase}: switched on for {action}"
    if service == "s3":
        kind, body = "application/xml", f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    else:
        kind, body = "application/x-amz-json-1.1", json.dumps({"__type": code, "message": message, "Message": message})
    headers = [(b"content-type", kind.encode()), (b"x-amzn-errortype", code.encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers, "trailers": False})
    await send({"type": "http.response.body", "body": body.encode(), "more_body": False})
