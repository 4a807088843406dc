"""What ``python -m atelier_training STEP`` runs: each job reads SageMaker's folders and has ``run(arguments, paths, interruption)``."""
