"""JSON text with references in it: a definition, a dashboard, a setting."""

import json
from typing import Any


def json_text(values: Any) -> str:
    """``values`` as JSON. References in it are resolved as in any other text: names and ARNs hold nothing that JSON escapes.

    ``Stack.to_json_string`` would escape what they resolve to, and carries each value to the process of CDK.
    """
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))
