"""The steps of both state machines, one file a small group; ``fine_tuning`` and ``pretraining`` put them in order."""
