"""A short pretraining of one learner in this process."""

from pathlib import Path
from typing import Any

from atelier_training.data.shards import open_shards
from atelier_training.engine.interruption import Interruption
from atelier_training.learners.pretraining import pretrain
from atelier_training.learners.start import Start, make_learner
from contracts.pretrain_hyperparameters import PretrainHyperparameters


def export_of(model: str, shards: Path, out: Path, base: Path | None = None, **chosen: Any) -> Path:
    """Train a new model for two steps of two samples unless ``chosen`` says otherwise; the folder that it is exported to."""
    usual = {"model": model, "steps": 2, "batch": 2, "from_nothing": True, "precision": "fp32"}
    tuned, data = PretrainHyperparameters.from_json({**usual, **chosen}), open_shards(str(shards))
    scratch = out / "scratch"
    scratch.mkdir()
    learner = make_learner(Start(data=data, base=base, tuned=tuned, scratch=scratch))
    with Interruption() as interruption:
        pretrain(learner, data, tuned, out, export=out / "export", interruption=interruption)
    return out / "export"
