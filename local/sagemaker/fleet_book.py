"""What a restart must know of endpoints beside their records: what their servers run, and the change that is under way."""

from pathlib import Path

from local.durable import Durable
from local.sagemaker.fleet import Fleet, Variant
from local.sagemaker.server_plans import ServerPlan
from local.sagemaker.store import Record, RecordStore


class FleetBook:
    """One row an endpoint for each of both. A model that was deleted since is still served, so the container is written too."""

    def __init__(self, durable: Durable) -> None:
        self._fleets, self._changes = durable.table("endpoint fleets"), durable.table("endpoint changes")

    def serves(self, name: str, fleet: Fleet) -> None:
        """From now on this fleet answers."""
        variants = [
            {"variant": v.plan.variant, "container": v.plan.container, "role": v.plan.role} for v in fleet.variants
        ]
        self._fleets.put(name, {"config": fleet.config, "variants": variants})

    def changes(self, name: str, **change: Record) -> None:
        """A change begins: to a `config` with a `deployment`, or of `capacities`."""
        self._changes.put(name, change)

    def settled(self, name: str) -> None:
        """The change has ended."""
        self._changes.remove(name)

    def forget(self, name: str) -> None:
        """The endpoint is gone."""
        self._fleets.remove(name)
        self._changes.remove(name)

    def fleets(self, store: RecordStore, run_dir: Path) -> dict[str, Fleet]:
        """What every endpoint serves, still without servers."""
        found = {}
        for name, kept in self._fleets.items():
            shown = (store.find("Endpoint", name) or {}).get("ProductionVariants", [])
            weights = {variant["VariantName"]: variant.get("DesiredWeight", 1.0) for variant in shown}
            plans = [
                ServerPlan(endpoint=name, folder=run_dir / "endpoints" / name, **variant)
                for variant in kept["variants"]
            ]
            variants = [Variant(plan=plan, weight=weights.get(plan.name, 1.0), servers=[]) for plan in plans]
            found[name] = Fleet(config=kept["config"], variants=variants)
        return found

    def change(self, name: str) -> Record:
        """The change that was under way; empty where none was."""
        change: Record = dict(self._changes.items()).get(name, {})
        return change
