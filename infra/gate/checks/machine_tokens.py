"""A state that waits for an answer hands out its task token, and only such a state does; its handler gets what it reads."""

import json
from collections.abc import Iterator

from infra.gate.assembly import Assembly
from infra.gate.finding import Finding
from infra.gate.machines import integration, machines
from infra.gate.sources import Sources

_NAME = "machine tokens"
TOKEN = "$states.context.Task.Token"  # noqa: S105 an expression


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    for machine in machines(assembly):
        for name, state in machine.tasks.items():
            waits = integration(state).endswith(".waitForTaskToken")
            has_token = TOKEN in json.dumps(state.get("Arguments", {}))
            if waits and not has_token:
                wrong = "it waits for an answer to a token that its payload does not hold, so it always times out"
                yield machine.finding(_NAME, name, wrong, f'Add {{"token": "{{% {TOKEN} %}}"}} to the payload')
            if has_token and not waits:
                wrong = f"it hands out a task token, but {integration(state)} does not wait for an answer"
                yield machine.finding(_NAME, name, wrong, "End its Resource in .waitForTaskToken")
