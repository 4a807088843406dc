"""A state machine's definition in a template is text with references in it; here its states can be changed and the references stay."""

import json
import re
from collections.abc import Callable
from typing import Any

_MARK = re.compile("\x01([0-9]+)\x01")


def change_definition(body: dict[str, Any], change: Callable[[dict[str, Any]], None]) -> None:
    """Change the definition of a state machine, the body of a resource, in place."""
    parts = body["Properties"]["DefinitionString"]["Fn::Join"][1]
    text = "".join(part if isinstance(part, str) else f"\x01{index}\x01" for index, part in enumerate(parts))
    definition = json.loads(text, strict=False)
    change(definition)
    pieces = _MARK.split(json.dumps(definition, ensure_ascii=False).replace("\\u0001", "\x01"))
    joined = [parts[int(piece)] if index % 2 else piece for index, piece in enumerate(pieces)]
    body["Properties"]["DefinitionString"] = {"Fn::Join": ["", joined]}
