"""JSON that can hold whatever a request held."""

import json
from typing import Any

from starlette.responses import JSONResponse


class AsciiJSONResponse(JSONResponse):
    """All but ASCII is escaped: half of a surrogate pair, which JSON may name and errors quote, has no UTF-8."""

    def render(self, content: Any) -> bytes:
        """The body."""
        return json.dumps(content, separators=(",", ":")).encode()
