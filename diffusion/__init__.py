"""Diffusion models by family: load them, paint with them, fine-tune them. Used by training, evaluation and serving."""
