"""What the engine trains: each learner makes batches, computes losses and exports the weights."""
