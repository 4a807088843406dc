"""Which objects each handler may read, write, delete and purge, and which indexes it asks: ``media/batches/*``, ``by_status``.

A right that is granted on another folder than the code reads contradicts no other value of a template: what is meant is written here.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class HandlerPlaces:
    """Of one handler, each with a space between."""

    reads: str = ""
    writes: str = ""
    deletes: str = ""
    purges: str = ""
    queries: str = ""


_ENDED = "media/failures/* media/outputs/* media/progress/* media/requests/* media/responses/*"
"""Of a prediction that has ended, what is erased with it."""

_PURGED = "data/checkpoints/* data/datasets/* data/imports/* data/runs/* model/styles/*"
"""Of a style that shows a person, what goes with every old version."""

_ANSWERS = "media/failures/* media/requests/* media/responses/*"

HANDLER_PLACES: Mapping[str, HandlerPlaces] = {
    "api": HandlerPlaces(
        reads=(
            "data/checkpoints/*/validation/* data/datasets/* data/imports/* data/runs/*/evaluate/* data/runs/*/failure.json "
            "data/runs/*/segment/advice.json data/runs/*/segment/captions.jsonl "
            "data/runs/*/taken_up.json media/batches/* media/failures/* media/outputs/* "
            "data/runs/*/taken_up.json media/batches/* media/failures/* media/outputs/* "
            "media/progress/* media/requests/* media/responses/* media/uploads/* model/base/* "
            "model/styles/*"
        ),
        writes=(
            "data/datasets/* data/imports/* media/batches/* media/outputs/* media/requests/* "
            "media/uploads/* model/styles/*/latest.json model/styles/*/manifest.json "
            "model/styles/*/pytorch_lora_weights.safetensors"
        ),
        deletes=(
            "data/datasets/* media/failures/* media/outputs/* media/progress/* media/requests/* "
            "media/responses/* media/uploads/* model/styles/*/manifest.json"
        ),
        queries="by_client by_status",
    ),
    "ask_endpoint": HandlerPlaces(
        reads="media/requests/* media/responses/*",
        writes="media/failures/* media/responses/*",
    ),
    "base_model": HandlerPlaces(
        reads="model/base/*",
        writes="model/base/*",
        deletes="model/base/*",
    ),
    "delete_people": HandlerPlaces(
        reads="media/batches/* model/styles/*",
        writes="media/batches/* model/styles/*/latest.json",
        deletes=f"{_ENDED} media/batches/* media/uploads/* {_PURGED}",
        purges=_PURGED,
        queries="by_status",
    ),
    "delete_styles": HandlerPlaces(
        reads="data/datasets/* data/imports/* model/styles/*",
        writes="model/styles/*/latest.json",
        deletes="data/datasets/* data/imports/* model/styles/*",
        queries="by_status",
    ),
    "deliver_webhooks": HandlerPlaces(
        queries="by_status",
    ),
    "page": HandlerPlaces(
        reads="page/*",
        writes="page/*",
        deletes="page/*",
    ),
    "gate": HandlerPlaces(
        reads="data/runs/*",
    ),
    "inference_result": HandlerPlaces(
        reads=_ANSWERS,
        writes="media/outputs/*",
        deletes=_ENDED,
    ),
    "prepare": HandlerPlaces(
        reads=(
            "data/datasets/* data/runs/*/resumption.json data/runs/*/taken_up.json "
            "data/checkpoints/*/class_pictures/* data/checkpoints/*/before/* data/runs/*/before/* data/runs/*/evaluate/* "
            "model/base/*/manifest.json model/styles/*/latest.json model/styles/*/manifest.json"
        ),
        writes="data/runs/*/taken_up.json data/checkpoints/*/class_pictures/* data/checkpoints/*/before/* data/runs/*/before/*",
    ),
    "prepare_batch": HandlerPlaces(
        reads="media/batches/* media/uploads/* model/styles/*",
        writes="media/batches/*",
    ),
    "prepare_pretraining": HandlerPlaces(
        reads=("data/datasets/* data/runs/*/resumption.json data/runs/*/taken_up.json model/base/*/manifest.json"),
        writes="data/runs/*/taken_up.json",
    ),
    "promote": HandlerPlaces(
        reads="model/styles/*/latest.json model/styles/*/manifest.json",
        writes="model/styles/*/latest.json",
    ),
    "publish": HandlerPlaces(
        reads="data/runs/* model/styles/*",
        writes="model/styles/*",
    ),
    "publish_base": HandlerPlaces(
        reads="data/runs/* model/base/*",
        writes="model/base/*",
    ),
    "reconcile": HandlerPlaces(
        reads=_ANSWERS,
        writes="media/outputs/*",
        deletes=_ENDED,
        queries="by_status",
    ),
    "record_failure": HandlerPlaces(
        writes="data/runs/*/failure.json data/runs/*/resumption.json",
    ),
    "report_batch": HandlerPlaces(
        reads="media/batches/*",
        writes="media/batches/*",
    ),
    "report_stop": HandlerPlaces(
        reads="data/runs/*/failure.json",
        writes="data/runs/*/failure.json",
    ),
    "settle": HandlerPlaces(
        queries="by_status",
    ),
    "settle_batches": HandlerPlaces(
        reads="media/batches/*",
        writes="media/batches/*",
        queries="by_status",
    ),
    "smoke_test": HandlerPlaces(
        deletes="media/requests/*",
    ),
}
"""The others reach no object and ask no index."""
