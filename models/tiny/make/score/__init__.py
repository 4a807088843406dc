"""Scores the shipped tiny models on figures that no training saw: `python -m models.tiny.make.score`."""
