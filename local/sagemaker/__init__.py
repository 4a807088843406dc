"""SageMaker on one machine: control plane, jobs and model servers as processes."""
