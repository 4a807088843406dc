"""What a Distributed Map's ResultWriter leaves: a manifest and a file for each kind of end.

https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html
"""

import json
from typing import Any

Record = dict[str, Any]
_MEMBERS = {
    "ExecutionArn": "executionArn", "Input": "input", "Name": "name", "Output": "output", "Error": "error", "Cause": "cause",
    "StartDate": "startDate", "StateMachineArn": "stateMachineArn", "Status": "status", "StopDate": "stopDate",
}  # fmt: skip


def write(s3: Any, place: Record, run: Record, children: list[Record]) -> Record:
    """Write what became of the children; the state's result, which says where that lies."""
    bucket, folder = place["Bucket"], f"{place['Prefix'].rstrip('/')}/{run['mapRunArn'].rpartition(':')[2]}"
    files: dict[str, list[Record]] = {}
    for status in ("SUCCEEDED", "FAILED"):
        ended = [child for child in children if child["status"] == status]
        said = [{name: child[key] for name, key in _MEMBERS.items() if child.get(key)} for child in ended]
        body, key = json.dumps(said).encode(), f"{folder}/{status}_0.json"
        if ended:
            s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/json")
        files[status] = [{"Key": key, "Size": len(body)}] if ended else []
    manifest = {"DestinationBucket": bucket, "MapRunArn": run["mapRunArn"], "ResultFiles": files}
    key = f"{folder}/manifest.json"
    s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(manifest).encode(), ContentType="application/json")
    return {"MapRunArn": run["mapRunArn"], "ResultWriterDetails": {"Bucket": bucket, "Key": key}}
