"""Which objects each handler may read, write and delete, and which indexes it asks: ``media/batches/*``, ``by_status``.

A right that is granted on another folder than the code reads contradicts no other value of a template: what is meant is written here.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Places:
    """Of one handler, each with a space between."""

    reads: str = ""
    writes: str = ""
    deletes: str = ""
    queries: str = ""


_ENDED = "media/failures/* media/outputs/* media/progress/* media/requests/* media/responses/*"
"""Of a prediction that has ended, what is erased with it."""

_ANSWERS = "media/failures/* media/requests/* media/responses/*"

HANDLER_PLACES: Mapping[str, Places] = {
    "api": Places(
        reads=(
            "data/datasets/* data/imports/* data/runs/*/evaluate/* data/runs/*/failure.json "
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
    "base_model": Places(
        reads="model/base/*",
        writes="model/base/*",
        deletes="model/base/*",
    ),
    "delete_styles": Places(
        reads="data/datasets/* data/imports/* model/styles/*",
        writes="model/styles/*/latest.json",
        deletes="data/datasets/* data/imports/* model/styles/*",
        queries="by_status",
    ),
    "deliver_webhooks": Places(
        queries="by_status",
    ),
    "gate": Places(
        reads="data/runs/*",
    ),
    "inference_result": Places(
        reads=_ANSWERS,
        writes="media/outputs/*",
        deletes=_ENDED,
    ),
    "prepare": Places(
        reads=(
            "data/datasets/* data/runs/*/resumption.json data/runs/*/taken_up.json "
            "model/base/*/manifest.json model/styles/*/latest.json model/styles/*/manifest.json"
        ),
        writes="data/runs/*/taken_up.json",
    ),
    "prepare_batch": Places(
        reads="media/batches/* media/uploads/* model/styles/*",
        writes="media/batches/*",
    ),
    "prepare_pretraining": Places(
        reads=("data/datasets/* data/runs/*/resumption.json data/runs/*/taken_up.json model/base/*/manifest.json"),
        writes="data/runs/*/taken_up.json",
    ),
    "promote": Places(
        reads="model/styles/*/latest.json model/styles/*/manifest.json",
        writes="model/styles/*/latest.json",
    ),
    "publish": Places(
        reads="data/runs/* model/styles/*",
        writes="model/styles/*",
    ),
    "publish_base": Places(
        reads="data/runs/* model/base/*",
        writes="model/base/*",
    ),
    "reconcile": Places(
        reads=_ANSWERS,
        writes="media/outputs/*",
        deletes=_ENDED,
        queries="by_status",
    ),
    "record_failure": Places(
        writes="data/runs/*/failure.json data/runs/*/resumption.json",
    ),
    "report_batch": Places(
        reads="media/batches/*",
        writes="media/batches/*",
    ),
    "report_stop": Places(
        reads="data/runs/*/failure.json",
        writes="data/runs/*/failure.json",
    ),
    "settle": Places(
        queries="by_status",
    ),
    "settle_batches": Places(
        reads="media/batches/*",
        writes="media/batches/*",
        queries="by_status",
    ),
    "smoke_test": Places(
        reads="media/requests/*",
        writes="media/requests/*",
        deletes="media/requests/*",
    ),
}
"""The others reach no object and ask no index."""
