"""An answer's JSON apart from its pictures: parsed with them, hundreds of megabytes would be in memory three times."""

import re

from atelier_ops.gateways.storage import parse_json
from contracts.prediction import PredictionOutput

_PICTURE = re.compile(rb'"[A-Za-z0-9+/]{1024,}={0,2}"')
"""A picture of some size in base64, as it stands in JSON; smaller ones may stay."""


class StoredAnswer:
    """An answer of the model server, as its text ``body`` has it. Raises InvalidInputError, naming ``where``, if it is none."""

    def __init__(self, body: bytes, where: str) -> None:
        self._large: dict[str, memoryview] = {}
        self._body = memoryview(body)
        self.output = PredictionOutput.from_json(parse_json(_PICTURE.sub(self._put_aside, body), where))

    def _put_aside(self, picture: re.Match[bytes]) -> bytes:
        mark = f"large picture {len(self._large)}"  # no base64 has a blank
        self._large[mark] = self._body[picture.start() + 1 : picture.end() - 1]
        return f'"{mark}"'.encode()

    def pictures(self) -> list[str | memoryview]:
        """The pictures in base64, the mask last where one was asked for."""
        texts = [*self.output.images, *([self.output.mask] if self.output.mask else [])]
        return [self._large.get(text, text) for text in texts]
