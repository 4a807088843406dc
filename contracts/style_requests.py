"""The bodies that decide about a style's versions."""

from typing import Annotated

from contracts.declarations import about, text
from contracts.prediction import ADAPTER_PATTERN
from contracts.requests import RequestBody

_ONE_LINE = r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]+"


class DecisionRequest(RequestBody):
    """``POST /v1/styles/{style}/versions/{version}/approve`` and ``…/reject``."""

    reason: Annotated[
        str,
        text("one line of text", longest=800, pattern=_ONE_LINE),
        about("why; it is kept with the version, and a run that is rejected fails with it"),
    ] = ""


class RollbackRequest(RequestBody):
    """``POST /v1/styles/{style}/rollback``."""

    leave: Annotated[
        str,
        text("style@version", longest=47, pattern=ADAPTER_PATTERN),
        about(
            "what the bare name means now; where it means something else, nothing is done. Left out: whatever it means"
        ),
    ] = ""
