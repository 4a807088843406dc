"""What trainings came to, kept in one file by what they depend on: a measurement that was cut off goes on."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.train.learnt import Spread, spreads
from lessons.trainings.tried import SEEDS, TRIED, asked

RESULTS = Path(__file__).parents[2] / "docs" / "learn" / "trainings.json"
DIGITS = 5


@dataclass(frozen=True, kw_only=True)
class TrainingResults:
    """Scores by a training's key (``Tried.key``), in a file that is written whole after each."""

    path: Path = RESULTS

    def read(self) -> dict[str, dict[str, float]]:
        """All that is known; nothing where nothing was measured."""
        return json.loads(self.path.read_text(encoding="utf-8")) if self.path.is_file() else {}

    def add(self, key: str, scores: Mapping[str, float]) -> None:
        """Keep one training's scores, in place of what was known of it."""
        known = {**self.read(), key: {name: round(float(score), DIGITS) for name, score in scores.items()}}
        written = self.path.with_suffix(".part")
        written.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        written.replace(self.path)

    def missing(self) -> list[tuple[str, int]]:
        """The trainings, by name and seed, that nothing is known of."""
        known = self.read()
        return [(name, seed) for name, seed in asked() if TRIED[name].key(seed) not in known]

    def spread(self, name: str) -> dict[str, Spread]:
        """Each score of one way to train over its seeds. Raises ValueError where a seed was not measured."""
        known, wanted = self.read(), [TRIED[name].key(seed) for seed in SEEDS]
        if missing := [key for key in wanted if key not in known]:
            raise ValueError(
                f"{name}: got no result of {'; '.join(missing)}; allowed: one a seed (make learn MEASURE=1)"
            )
        return spreads([known[key] for key in wanted])
