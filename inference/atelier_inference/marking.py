"""Marks what was painted, under a key that the stage's key in KMS makes."""

import logging
from collections.abc import Iterator

import boto3
from PIL import Image

from atelier_inference.mode import Result
from contracts.mark import MAC_ALGORITHM, MARK_MESSAGE
from imaging.mark import write_mark

log = logging.getLogger(__name__)


class MarkWriter:
    """``key`` has 32 bytes. Any thread may use it."""

    def __init__(self, key: bytes) -> None:
        self.key = key

    def marked(self, result: Result, mark: str) -> Iterator[Image.Image]:
        """The pictures with the mark in what the result's mask says is new; without a mask, in all of it."""
        for picture in result.images:
            alpha = result.mask or Image.new("L", picture.size, 255)
            yield write_mark(picture, alpha, int(mark, 16), self.key, in_place=True)
            del picture


def load_marking(mark_key: str) -> MarkWriter | None:
    """What marks with the key of this ARN; None without one. Raises what KMS says."""
    if not mark_key:
        log.info("pictures hold no mark: no key is named")
        return None
    answer = boto3.client("kms").generate_mac(KeyId=mark_key, Message=MARK_MESSAGE, MacAlgorithm=MAC_ALGORITHM)
    return MarkWriter(bytes(answer["Mac"]))
