"""Whether a setting paints as well as another, by scores of the same pictures with several seeds."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, stdev

Scores = Mapping[str, float]

DEVIATIONS = 2
"""Standard errors of a difference that are no difference."""


@dataclass(frozen=True, kw_only=True)
class SettingScores:
    """What a setting came to: scores for each seed, and CPU seconds a picture."""

    seeds: Sequence[Scores]
    cpu: float

    def mean(self, name: str) -> float:
        """A score's mean over the seeds."""
        return mean(each[name] for each in self.seeds)

    def error(self, name: str) -> float:
        """The standard error of that mean."""
        return stdev([each[name] for each in self.seeds]) / math.sqrt(len(self.seeds))


def deltas(found: SettingScores, reference: SettingScores) -> dict[str, float]:
    """By how much each score's mean is above the reference's."""
    return {name: round(found.mean(name) - reference.mean(name), 4) for name in reference.seeds[0]}


def worse(found: SettingScores, reference: SettingScores, *, pictures: Mapping[str, int]) -> list[str]:
    """The scores by which a setting is worse than the reference, beyond noise.

    Noise is two standard errors of the difference, and one picture of a seed's ``pictures`` (a share of hits cannot be measured finer).
    """

    def noise(name: str) -> float:
        errors = math.hypot(found.error(name), reference.error(name))
        finest = 1 / pictures[name] if name in pictures else 0.0
        return max(DEVIATIONS * errors, finest)

    return [name for name, delta in deltas(found, reference).items() if delta < -noise(name)]
