"""Evaluation: repaint photos with the base and the fine-tuned model, measure both against the real garment, show it."""
