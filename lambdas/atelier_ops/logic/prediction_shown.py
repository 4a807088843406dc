"""A prediction as its client sees it."""

import json
from typing import Any

from atelier_ops.gateways.records import Record
from atelier_ops.logic import webhooks
from atelier_ops.logic.disclosing import sentence
from atelier_ops.logic.discretion import discreet
from atelier_ops.logic.http import Dependencies, Request
from atelier_ops.logic.output_addresses import addresses, kept_outputs
from atelier_ops.logic.submission import OPEN


def show(record: Record, request: Request, dependencies: Dependencies, *, alone: bool = False) -> dict[str, Any]:
    """The prediction as its client sees it, in a list or ``alone``."""
    data = record.data
    sent = json.dumps(data["input"])
    keys, gone = kept_outputs(record, dependencies)
    outputs = addresses(keys, request, dependencies.media, alone=alone)
    return {
        "id": data["id"],
        "version": data["version"],
        "model": data["model"],
        "status": record.status,
        "input": data["input"],
        "output": outputs or None,
        "error": discreet(data.get("error"), sent),
        "logs": discreet(data.get("logs", "") + gone, sent),
        "metrics": data.get("metrics", {}),
        "created_at": data["created_at"],
        "started_at": data.get("started_at"),
        "completed_at": data.get("completed_at"),
        "disclosure": sentence(data["input"], request, dependencies),
        "urls": request.urls(f"/v1/predictions/{data['id']}"),
        "stage": "queued or running" if record.status in OPEN else "done",
        "progress": None,
        "eta_seconds": None,
        "queue_position": None,
        **webhooks.shown(data.get("webhook", ""), dependencies.records),
    }
