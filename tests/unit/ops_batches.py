"""A stage that paints batches, on in-memory gateways: its machine's states, called as the machine would."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from atelier_ops.gateways.functions import Function
from atelier_ops.logic.api import answer
from atelier_ops.logic.batches.items import Asking, paint, prediction_of
from atelier_ops.logic.batches.preparing import BatchPreparation, prepare_batch, read_items
from atelier_ops.logic.batches.reporting import Settling, report_batch
from contracts.batches import BatchItem, BatchPlan
from contracts.disclosure import TEXTS
from tests.unit.ops_api import CLIENTS, KEEP, SHARED, Api

PAINT = {"mode": "text_to_image", "prompt": "a {colour} skirt"}
ROWS = [{"colour": colour} for colour in ("red", "blue", "green")]


class Itself(Function):
    """The API's function, which an item's handler asks."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def ask(self, event: Mapping[str, Any]) -> Any:
        return answer(dict(event), self._api.dependencies())


@dataclass
class Studio(Api):
    """``handed`` are the tokens that lines were handed out with."""

    handed: dict[int, str] = field(default_factory=dict)

    def post(self, **body: Any) -> Any:
        """The batch that is taken on."""
        answered = self.call("POST", "/v1/batches", {"input": PAINT, "items": ROWS, **body})
        assert answered.status == 201, answered.body
        return answered.body

    def get(self, batch: str) -> Any:
        return self.call("GET", f"/v1/batches/{batch}").body

    def prepare(self, name: str) -> BatchPlan:
        """The first state of an execution that was started."""
        store = self.buckets.store
        preparation = BatchPreparation(
            records=self.records,
            media=store("media"),
            models=store("model"),
            shared_endpoint=SHARED,
            name_prefix="atelier-test",
            pace=self.pace,
            consent=self.consent,
            commercial=True,
            clients=CLIENTS,
            instance="ml.g5.xlarge",
            keep_seconds=KEEP,
            due=self.due,
            now=self.now,
        )
        return prepare_batch(self.batches.started[name].input, name, preparation)

    def items(self, plan: BatchPlan) -> list[BatchItem]:
        return read_items(self.buckets.store("media").read(plan.key))

    def paint(self, item: BatchItem) -> str:
        """Hand the item out; its prediction's id."""
        token = f"token-{len(self.handed)}"
        self.handed[item.line] = token
        asking = Asking(records=self.records, tokens=self.tokens, api=Itself(self), now=self.now)
        paint(item, token, asking)
        return prediction_of(item, self.records.items[f"batch#{item.batch}"].data["client"])

    def told(self, item: BatchItem) -> Any:
        """What the state of the item was told last; None while it waits."""
        return self.tokens.answers.get(self.handed[item.line])

    def settling(self) -> Settling:
        media = self.buckets.store("media")
        parts: dict[str, Any] = {"records": self.records, "media": media, "executions": self.batches}
        return Settling(instance="ml.g5.xlarge", disclosure=TEXTS, due=self.due, now=self.now, **parts)

    def report(self, plan: BatchPlan) -> Any:
        """The last state; what report.json says."""
        report_batch(plan.id, plan.round, "succeeded", self.settling())
        self.batches.end(f"{plan.id}-{plan.round}", "SUCCEEDED")
        return self.buckets.store("media").json(f"batches/{plan.id}/report.json")
