"""Where SageMaker puts a container's files. The root is the one setting that differs on a laptop."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from contracts.errors import InvalidInputError
from contracts.strings import StringContract

ROOT_VARIABLE = "ATELIER_ML_ROOT"
DEFAULT_ROOT = "/opt/ml"

H = TypeVar("H", bound=StringContract)


class MlPaths:
    """The container contract of training and processing jobs below one root (``/opt/ml``)."""

    def __init__(self, *, root: Path) -> None:
        self.root = root
        self.hyperparameters = root / "input/config/hyperparameters.json"
        """A training job's settings: one JSON object of strings."""
        self.resource_config = root / "input/config/resourceconfig.json"
        """The hosts of a training job: ``{"current_host", "hosts", ...}``."""
        self.processing_resource_config = root / "config/resourceconfig.json"
        """The hosts of a processing job, which SageMaker writes to another file."""
        self.input_data_config = root / "input/config/inputdataconfig.json"
        """How a training job's channels were brought: ``{"shards": {"TrainingInputMode": "FastFile", ...}}``."""
        self.checkpoints = root / "checkpoints"
        """Kept in step with S3 while the job runs, and brought back when it is restarted."""
        self.model = root / "model"
        """What a training job leaves here becomes the model artifact."""
        self.tensorboard = root / "output/tensorboard"
        """Event files, which SageMaker copies to S3 while a training job runs."""
        self.failure = root / "output/failure"
        """Why a training job failed."""
        self.message = root / "output/message"
        """Why a processing job failed."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> "MlPaths":
        """The root that ``ATELIER_ML_ROOT`` names, else ``/opt/ml``."""
        return cls(root=Path((os.environ if environment is None else environment).get(ROOT_VARIABLE, DEFAULT_ROOT)))

    def read_hyperparameters(self, kind: type[H]) -> H:
        """A training job's settings, from SageMaker's file of strings. Raises InvalidInputError."""
        path = self.hyperparameters
        if not path.is_file():
            raise InvalidInputError(path.name, got="no such file", allowed="a JSON object of strings")
        return kind.from_strings(json.loads(path.read_text(encoding="utf-8")))

    def channel(self, name: str) -> Path:
        """The folder of a training job's input channel."""
        return self.root / "input/data" / name

    def processing_input(self, name: str) -> Path:
        """The folder of a processing job's input."""
        return self.root / "processing/input" / name

    def scratch(self, name: str) -> Path:
        """A folder that nobody keeps, made on first use."""
        folder = self.root / "processing/scratch" / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def processing_output(self, name: str) -> Path:
        """The folder of a processing job's output, made on first use."""
        folder = self.root / "processing/output" / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder
