"""SageMaker's logs end with the stage's own, and nobody else's lines do."""

from dataclasses import dataclass, field

from atelier_ops.gateways.logs import JobLog, Logs
from atelier_ops.logic.log_expiry import DAY, ENDPOINTS, JOBS, expire
from tests.unit.ops_fakes import NOW


@dataclass
class MemoryLogs(Logs):
    """Groups by name with their retention, and streams by group and name with the time of their last line."""

    kept: dict[str, int | None] = field(default_factory=dict)
    lines: dict[tuple[str, str], float] = field(default_factory=dict)

    def groups(self, prefix: str) -> dict[str, int | None]:
        return {name: days for name, days in self.kept.items() if name.startswith(prefix)}

    def keep(self, group: str, days: int) -> None:
        self.kept[group] = days

    def streams(self, group: str, prefix: str) -> list[JobLog]:
        found = [(name, last) for (of, name), last in self.lines.items() if of == group and name.startswith(prefix)]
        return [JobLog(name=name, last=last) for name, last in found]

    def delete(self, group: str, stream: str) -> None:
        del self.lines[group, stream]


def run(logs: Logs, most: int = 99) -> dict[str, int]:
    left = iter([True] * most + [False])
    place = {"prefix": "atelier-trial", "endpoint": "shared-1"}
    return expire(logs, **place, days=7, now=NOW, goes_on=lambda: next(left))


def test_our_endpoints_logs_get_the_stage_s_retention_once() -> None:
    ours = [f"{ENDPOINTS}shared-1", f"{ENDPOINTS}atelier-trial-style-teal"]
    others = [f"{ENDPOINTS}atelier-dev-style-teal", f"{ENDPOINTS}somebody-elses"]
    logs = MemoryLogs(kept=dict.fromkeys((*ours, *others)))
    assert run(logs)["retentions"] == 2
    assert logs.kept == {**dict.fromkeys(ours, 7), **dict.fromkeys(others)}
    assert run(logs)["retentions"] == 0


def test_only_our_jobs_old_streams_are_deleted() -> None:
    old, young = NOW - 7 * DAY - 1, NOW - 7 * DAY + 1
    ours = {(group, "atelier-trial-run-1-train/algo-1"): old for group in JOBS}
    rest = {
        (JOBS[0], "atelier-trial-run-2-train/algo-1"): young,
        (JOBS[0], "atelier-dev-run-1-train/algo-1"): old,
        (JOBS[1], "somebody-elses/algo-1"): old,
    }
    logs = MemoryLogs(lines={**ours, **rest})
    assert run(logs)["streams"] == 2
    assert logs.lines == rest


def test_what_there_is_no_time_for_is_left_for_the_next_day() -> None:
    logs = MemoryLogs(lines={(JOBS[0], f"atelier-trial-{n}/algo-1"): 0.0 for n in range(3)})
    assert run(logs, most=2)["streams"] == 2
    assert len(logs.lines) == 1
