"""``python -m tests.chaos --seed 1 --seconds 600``: a stage at work while everything goes wrong, and what held all the same."""

import argparse
import json
import sys
import time
from collections import Counter
from pathlib import Path

from cli.progress import Progress
from cli.session import deployed
from tests.chaos.driver import Outcome, drive
from tests.chaos.history import FINAL, TRAINING
from tests.chaos.injuries import orphans
from tests.chaos.invariants import violations
from tests.chaos.schedule import Amounts, listing, schedule
from tests.e2e.studio import Studio


def main() -> int:
    """0 where every invariant held, 1 where one did not."""
    options = _options()
    acts = schedule(options.seed, options.seconds, Amounts.of(options.seconds, restarts=options.restarts))
    if options.list:
        print("\n".join(listing(acts)))
        return 0
    begun, folder = time.monotonic(), options.out.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with deployed(folder, Progress(sys.stderr)) as deployment:
        outcome = drive(Studio(deployment=deployment), acts, settle_seconds=options.settle)
    outcome.outlived(orphans(str(folder / "cloud")))
    found = violations(outcome.history, outcome.evidence)
    if found:
        print("\n".join(listing(acts)), file=sys.stderr)
    for name, problems in found.items():
        print("\n".join([f"{name}:", *(f"  {problem}" for problem in problems[:40])]), file=sys.stderr)
    print(json.dumps({**_figures(outcome, found), "seed": options.seed, "seconds": round(time.monotonic() - begun)}))
    return 1 if found or outcome.mistakes else 0


def _figures(outcome: Outcome, found: dict[str, list[str]]) -> dict[str, object]:
    """The one line that says what happened."""
    history, evidence = outcome.history, outcome.evidence
    ended = [one for one in history.accepted if history.final(one) or one in history.deleted]
    trainings = [each.id for each in history.accepted.values() if each.kind == TRAINING]
    return {
        "accepted": len(history.accepted),
        "ended_once": len(ended) - len(found.get("went back", [])),
        "lost": len(found.get("lost", [])),
        "doubled": len(found.get("doubled", [])),
        "orphans": len(evidence.orphans),
        "faults": dict(sorted(outcome.faults.items())),
        "faults_in_all": sum(outcome.faults.values()),
        "executions": len(trainings),
        "ends": {kind: {s: len(history.ended(kind, s)) for s in FINAL} for kind in ("prediction", "training")},
        "deleted": len(history.deleted),
        "model_runs": sum(evidence.runs.values()),
        "resubmitted": sum(times - 1 for times in evidence.attempts.values()),
        "cut_off": sum(evidence.cut_off.values()),
        "batches": len(history.batch_rows),
        "rounds": sum(history.rounds.values()),
        "rows": sum(map(len, history.batch_rows.values())),
        "lists": dict(sorted(Counter(each.kind for each in history.walks).items())),
        "files": len(history.files),
        "pictures": dict(sorted(Counter(each.path.rpartition("/")[2] for each in history.asked.values()).items())),
        "versions_brought": len(history.brought),
        "choices": len(history.choices),
        "styles_deleted": sum(each.sure for each in history.discards.requests),
        "messages": dict(Counter(each.manner for each in evidence.messages if each.taken)),
        "messages_refused": dict(Counter(each.manner for each in evidence.messages if not each.taken)),
        "messages_again": len(evidence.messages) - len({each.name for each in evidence.messages}),
        "dead_letters": len(evidence.dead_letters),
        "violations": {name: len(problems) for name, problems in found.items()},
        "failures": outcome.failures,
        "refused": dict(history.refused),
        "answers": dict(sorted(history.answers.items())),
        "mistakes": outcome.mistakes,
        "containers": "real",
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="what happens is drawn from it (default: %(default)s)")
    parser.add_argument(
        "--seconds", type=float, default=600, help="how long work comes and faults happen (default: %(default)s)"
    )
    parser.add_argument(
        "--settle", type=float, default=300, help="how long things may take to end afterwards (default: %(default)s)"
    )
    parser.add_argument("--out", type=Path, default=Path("out/chaos"), help="the run's folder (default: %(default)s)")
    parser.add_argument(
        "--restarts",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="kill the local cloud, too, and start it on the same folder (default: yes)",
    )
    parser.add_argument("--list", action="store_true", help="print what would happen, and do nothing")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
