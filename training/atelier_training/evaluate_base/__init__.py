"""Judges a pretrained model on samples that no run trained on: one measure for each kind of model, one report for all."""
