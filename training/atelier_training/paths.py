"""Where SageMaker puts a container's files. The root is the one setting that differs on a laptop."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT_VARIABLE = "ATELIER_ML_ROOT"
DEFAULT_ROOT = "/opt/ml"


@dataclass(frozen=True, kw_only=True)
class MlPaths:
    """The container contract of training and processing jobs below one root (``/opt/ml``)."""

    root: Path

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> "MlPaths":
        """The root that ``ATELIER_ML_ROOT`` names, else ``/opt/ml``."""
        return cls(root=Path((os.environ if environment is None else environment).get(ROOT_VARIABLE, DEFAULT_ROOT)))

    @property
    def hyperparameters(self) -> Path:
        """A training job's settings: one JSON object of strings."""
        return self.root / "input/config/hyperparameters.json"

    @property
    def resource_config(self) -> Path:
        """The hosts of a training job: ``{"current_host", "hosts", ...}``."""
        return self.root / "input/config/resourceconfig.json"

    @property
    def processing_resource_config(self) -> Path:
        """The hosts of a processing job, which SageMaker writes to another file."""
        return self.root / "config/resourceconfig.json"

    @property
    def input_data_config(self) -> Path:
        """How a training job's channels were brought: ``{"shards": {"TrainingInputMode": "FastFile", ...}}``."""
        return self.root / "input/config/inputdataconfig.json"

    @property
    def checkpoints(self) -> Path:
        """Kept in step with S3 while the job runs, and brought back when it is restarted."""
        return self.root / "checkpoints"

    @property
    def model(self) -> Path:
        """What a training job leaves here becomes the model artifact."""
        return self.root / "model"

    @property
    def failure(self) -> Path:
        """Why a training job failed."""
        return self.root / "output/failure"

    @property
    def message(self) -> Path:
        """Why a processing job failed."""
        return self.root / "output/message"

    def channel(self, name: str) -> Path:
        """The folder of a training job's input channel."""
        return self.root / "input/data" / name

    def processing_input(self, name: str) -> Path:
        """The folder of a processing job's input."""
        return self.root / "processing/input" / name

    def processing_output(self, name: str) -> Path:
        """The folder of a processing job's output, made on first use."""
        folder = self.root / "processing/output" / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder
