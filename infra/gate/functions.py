"""The Lambda functions of a stage that run our handlers."""

from collections.abc import Mapping

from infra.gate.assembly import Assembly, Resource
from infra.gate.sources import HANDLERS


def handlers(assembly: Assembly) -> Mapping[str, Resource]:
    """Each handler's function by the handler's name."""
    functions = assembly.of("AWS::Lambda::Function")
    named = ((str(each.properties.get("Handler", "")), each) for each in functions)
    return {
        name.removeprefix(HANDLERS).removesuffix(".handler"): each for name, each in named if name.startswith(HANDLERS)
    }
