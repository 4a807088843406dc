"""Trains base models from sharded data: one small command per model over a shared loop.

`python -m atelier_training.pretrain.{vae,unet,segmenter} --help`. Each command reads a folder of WebDataset-layout
shards, checkpoints, resumes exactly, and exports the folder that diffusers or transformers load.
"""
