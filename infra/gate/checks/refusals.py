"""What API Gateway refuses by itself says in headers when to come again, how often one may, and how a key is shown."""

import re
from collections.abc import Iterator, Mapping

from infra.components.rate_policy import rate_policy
from infra.config import STAGES
from infra.gate.assembly import Assembly
from infra.gate.checks.handler_environment import is_signed
from infra.gate.finding import Finding
from infra.gate.sources import Sources

_NAME = "refusals"
_HEADER = "gatewayresponse.header."
_LATER = ("429", "503")
"""Statuses after which the same request may be sent again."""

_SECONDS = re.compile(r"'[1-9][0-9]*'")
_EXPOSED = "'RateLimit-Policy, Retry-After'"


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    stage = STAGES.get(assembly.stage)
    if stage is None:
        return
    for response in assembly.of("AWS::ApiGateway::GatewayResponse"):
        said = response.properties.get("ResponseParameters", {})
        status, told = (
            str(response.properties.get("StatusCode")),
            {name.removeprefix(_HEADER): str(value) for name, value in said.items()},
        )
        for wrong, remedy in _again(status, told):
            yield response.finding(_NAME, wrong, remedy)
        meant = {
            "RateLimit-Policy": f"'{rate_policy(stage.api)}'" if status == "429" else None,
            "WWW-Authenticate": "'Bearer'" if status == "401" and not is_signed(assembly) else None,
            "Access-Control-Expose-Headers": _EXPOSED if stage.api.origins else None,
        }
        for name, value in meant.items():
            if told.get(name) != value:
                wrong = f"its {name} is {told.get(name)}, with status {status} it is {value}"
                yield response.finding(_NAME, wrong, "Say what components/gateway_answers.py says")


def _again(status: str, told: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    after = told.get("Retry-After")
    if status in _LATER and not (after and _SECONDS.fullmatch(after)):
        yield f"with status {status} its Retry-After is {after}", "Say whole seconds, from 1, in single quotes"
    if status not in _LATER and after:
        yield f"with status {status} it says Retry-After {after}", "Say it where the same request may go well later"
