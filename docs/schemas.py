"""The JSON Schemas of what crosses a boundary, by the name of their file in ``docs/schemas``."""

import json
from collections.abc import Mapping

from contracts.artifact import BaseManifest, StyleManifest
from contracts.corpus import Caption, Vocabulary
from contracts.dataset import DatasetInfo, PictureCaption
from contracts.execution import ExecutionInput
from contracts.hyperparameters import Hyperparameters
from contracts.metrics import FineTuningMetrics
from contracts.model import Contract, json_schema
from contracts.prediction import PredictionInput, PredictionOutput
from contracts.pretrain_hyperparameters import PretrainHyperparameters
from contracts.pretraining import MeasuredArtifact, PretrainingInput
from contracts.pretraining_metrics import TABLES
from contracts.requests import FileRequest, PredictionRequest, TrainingRequest, VersionRequest

SCHEMAS: Mapping[str, type[Contract]] = {
    "execution-input": ExecutionInput,
    "hyperparameters": Hyperparameters,
    "pretraining-input": PretrainingInput,
    "pretraining-hyperparameters": PretrainHyperparameters,
    "prediction-input": PredictionInput,
    "prediction-output": PredictionOutput,
    "prediction-request": PredictionRequest,
    "training-request": TrainingRequest,
    "file-request": FileRequest,
    "version-request": VersionRequest,
    "base-manifest": BaseManifest,
    "style-manifest": StyleManifest,
    "measured-artifact": MeasuredArtifact,
    "dataset-info": DatasetInfo,
    "dataset-caption": PictureCaption,
    "corpus-vocabulary": Vocabulary,
    "corpus-caption": Caption,
    "metrics": FineTuningMetrics,
    **{f"{model}-metrics": table for model, table in TABLES.items()},
}
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema(name: str) -> str:
    """One of them as the text of a JSON document."""
    document = {"$schema": DIALECT, **json_schema(SCHEMAS[name])}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
