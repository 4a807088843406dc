"""The model server: one container answering ``GET /ping`` and ``POST /invocations``, as SageMaker asks."""
