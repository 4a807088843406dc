"""What IAM decides on where a request names things in a list."""

import json
from typing import Any

from ministack.core import iam_actions

from local.seams.services import members

_LISTED = {"ecr": ("repositoryNames", "repositoryName"), "monitoring": ("AlarmNames", "AlarmName")}
"""The member that names several things of a service, and the one that names a single thing."""


def install() -> None:
    """Let IAM decide on the one repository or alarm that a request names in a list; ministack would ask for every one."""
    original = iam_actions.extract_resource_arn

    def resource_arn(service: str, method: str, path: str, headers: dict[str, str], body: bytes, *rest: Any) -> str:
        if service in _LISTED:
            listed, single = _LISTED[service]
            names = members(body).get(listed) or []
            if len(names) == 1:
                body = json.dumps({single: names[0]}).encode()
        return str(original(service, method, path, headers, body, *rest))

    iam_actions.extract_resource_arn = resource_arn
