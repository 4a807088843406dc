"""What IAM decides on where a request names things in a list, a stream of a log, or the run of a map."""

import json
from typing import Any

from ministack.core import iam_actions

from local.seams.services import members

_LISTED = {"ecr": ("repositoryNames", "repositoryName"), "monitoring": ("AlarmNames", "AlarmName")}
"""The member that names several things of a service, and the one that names a single thing."""
_OF_STREAMS = ("GetLogEvents", "DeleteLogStream")
"""Actions of CloudWatch Logs whose resource is a stream, not its group:
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html"""


_MAP_RUN = "mapRunArn"
"""What names the resource of DescribeMapRun and UpdateMapRun:
https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsstepfunctions.html"""


def install() -> None:
    """Let IAM decide on the one repository or alarm that a request names in a list, on the stream that it reads or deletes, and on the run
    of a map that it asks about.

    ministack would ask for every one, and for the group.
    """
    original = iam_actions.extract_resource_arn

    def resource_arn(service: str, method: str, path: str, headers: dict[str, str], body: bytes, *rest: Any) -> str:
        if service in _LISTED:
            listed, single = _LISTED[service]
            names = members(body).get(listed) or []
            if len(names) == 1:
                body = json.dumps({single: names[0]}).encode()
        if service == "states" and (run := members(body).get(_MAP_RUN)):
            return str(run)
        found = str(original(service, method, path, headers, body, *rest))
        if service == "logs" and headers.get("x-amz-target", "").endswith(tuple(f".{name}" for name in _OF_STREAMS)):
            return f"{found}:log-stream:{members(body).get('logStreamName', '')}"
        return found

    iam_actions.extract_resource_arn = resource_arn
