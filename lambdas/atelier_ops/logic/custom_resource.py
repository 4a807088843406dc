"""Custom::BaseModel: one base model of the stage, mirrored when the stack is created or changed; and how custom resources answer."""

from collections.abc import Mapping
from typing import Any

from atelier_ops.gateways.answers import Answers
from atelier_ops.gateways.hub import Hub
from atelier_ops.gateways.storage import ObjectStore
from atelier_ops.logic.mirror import Clock, Entry, mirror_asset, mirror_hub
from atelier_ops.observability import logger

LONGEST_REASON = 1_000
"""Characters: CloudFormation takes an answer of 4 KB in all."""


def settle(
    event: Mapping[str, Any], models: ObjectStore, assets: ObjectStore | None, hub: Hub, answers: Answers, clock: Clock
) -> None:
    """Do what the event asks and answer it, whatever happens: without an answer the stack waits for an hour."""
    physical = event.get("PhysicalResourceId") or f"{event['LogicalResourceId']}-not-made"
    try:
        entry = Entry.from_text(event["ResourceProperties"]["Entry"])
        physical = f"{entry.name}@{entry.revision}"
        if event["RequestType"] != "Delete":
            _mirror(entry, event["ResourceProperties"], models, assets, hub, clock)
        outcome: dict[str, Any] = {"Status": "SUCCESS", "Data": {"Prefix": entry.prefix, "Reference": physical}}
    except Exception as error:  # noqa: BLE001 - the process edge: CloudFormation must hear of every failure
        logger.exception("base model not mirrored", base_model=physical)
        outcome = failed(error)
    if event["RequestType"] == "Delete":
        # Deleting leaves the files to the bucket's own policy, so it cannot fail.
        outcome = {"Status": "SUCCESS"}
        physical = event.get("PhysicalResourceId") or physical
    answer(event, answers, physical, outcome)


def failed(error: Exception) -> dict[str, Any]:
    """What CloudFormation is told of a failure."""
    return {"Status": "FAILED", "Reason": f"{type(error).__name__}: {error}"[:LONGEST_REASON]}


def answer(event: Mapping[str, Any], answers: Answers, physical: str, outcome: Mapping[str, Any]) -> None:
    """Tell CloudFormation how it went with the resource of this physical id."""
    asked = {key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")}
    answers.send(event["ResponseURL"], {**asked, "PhysicalResourceId": physical, **outcome})


def _mirror(
    entry: Entry, properties: Mapping[str, Any], models: ObjectStore, assets: ObjectStore | None, hub: Hub, clock: Clock
) -> None:
    if entry.source.kind == "hub":
        manifest = mirror_hub(entry, models, hub, clock)
    elif assets is None:
        raise ValueError("properties: got no AssetBucket; allowed: the asset's bucket and key, as source.kind is asset")
    else:
        manifest = mirror_asset(entry, models, assets.read(properties["AssetKey"]), clock)
    logger.info("base model mirrored", base_model=manifest.reference, files=len(manifest.files), source=manifest.source)
