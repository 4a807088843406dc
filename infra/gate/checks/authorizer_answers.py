"""The authorizer is asked as API Gateway asks it: who shows a key in one of the usual ways is let through with it, and nobody else is."""

import ast
from collections.abc import Iterator, Mapping
from typing import Any

from infra.gate.assembly import Assembly
from infra.gate.finding import Finding
from infra.gate.sources import HANDLERS, Module, Sources

_NAME = "authorizer answers"
_LOGIC = "atelier_ops.logic.credentials"
_HANDLER = f"{HANDLERS}authorize"
_API, _PATH = "arn:aws:execute-api:us-east-1:123456789012:a1b2c3/live", "GET/v1/predictions/*/${x}"
_KEY = "k" * 40
_SHOWN: tuple[Mapping[str, str], ...] = (
    *({name: _KEY} for name in ("x-api-key", "X-Api-Key", "X-API-KEY")),
    *({name: f"Bearer {_KEY}"} for name in ("Authorization", "authorization")),
    {"Authorization": f"bearer {_KEY}"},
    {"Authorization": f"Token {_KEY}"},
    {"Accept": "*/*", "Authorization": "Basic YTpi", "x-api-key": _KEY},
)
"""Headers that show the key, as clients spell them."""

_HIDDEN: tuple[Mapping[str, str] | None, ...] = (
    *(None, {}, {"Accept": "*/*"}, {"x-api-key": ""}, {"Authorization": "Bearer "}, {"Authorization": _KEY}),
    *(
        {"Authorization": f"Basic {_KEY}"},
        {"x-api-key": "a b"},
        {"x-api-key": "k" * 129},
        {"Cookie": f"x-api-key={_KEY}"},
    ),
)
"""Headers that show none."""

_TELLING = {"print", "logger", "logging", "sys"}
"""Names by which what clients send could come into a log."""


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    for name in (_LOGIC, _HANDLER):
        if module := sources.modules.get(name):
            yield from _silent(module)
    if logic := sources.modules.get(_LOGIC):
        for wrong in _asked(logic):
            yield logic.finding(_NAME, logic.tree, wrong, "Answer as tests/unit/test_ops_credentials.py says")


def _silent(module: Module) -> Iterator[Finding]:
    for node in module.nodes:
        if isinstance(node, ast.Name) and node.id in _TELLING:
            yield module.finding(_NAME, node, f"{node.id} may put a client's key into a log", "Log nothing here")


def _asked(logic: Module) -> Iterator[str]:
    """What is wrong with the answers of the source as it stands there. It needs nothing but Python."""
    names: dict[str, Any] = {"__name__": _LOGIC}
    try:
        exec(compile(logic.tree, logic.file, "exec"), names)  # noqa: S102  our own source
        answers = [
            (each, names["authorize"]({"headers": each, "methodArn": f"{_API}/{_PATH}"}))
            for each in (*_SHOWN, *_HIDDEN)
        ]
    except Exception as error:  # noqa: BLE001  whatever it raises, API Gateway answers AUTHORIZER_FAILURE
        yield f"it raises {type(error).__name__}: {error}"
        return
    for number, (headers, answer) in enumerate(answers):
        meant = _meant(number < len(_SHOWN))
        if {name: answer.get(name) for name in meant} != meant or not answer.get("principalId"):
            yield f"for the headers {headers} it answers {answer}, and not {meant}"


def _meant(shown: bool) -> Mapping[str, Any]:
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html"""
    effect = "Allow" if shown else "Deny"
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": f"{_API}/*"}
    return {
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "usageIdentifierKey": _KEY if shown else None,
    }
