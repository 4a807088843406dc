"""A folder of a few drawn samples, as pretrain reads them."""

from pathlib import Path

from models.tiny.make import shards, tokenizer


def write_shards(folder: Path, *, count: int = 8) -> Path:
    """Write two shards of half the pictures each and return their folder."""
    for number in range(2):
        shards.write_shard(number, folder=folder, pictures=count // 2, seed=3, side=96)
    shards.write_vocabulary(folder, seed=3)
    return folder


def write_tokenizer(folder: Path) -> Path:
    """Train the family's tokenizer into a folder and return it."""
    tokenizer.save(folder)
    return folder
