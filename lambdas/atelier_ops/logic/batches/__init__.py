"""Batches: a prediction for each row of a list."""
