"""An answer as it is sent: its pictures stay files and become base64 on the way, so that none of them is in memory twice."""

import base64
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass

from starlette.responses import Response, StreamingResponse

from contracts.prediction import PredictionOutput

PIECE = 3 * 2**18
"""Bytes that become base64 at a time: a multiple of 3, so that nothing is filled up in between."""


@dataclass(frozen=True, kw_only=True)
class FinishedAnswer:
    """``output`` has an empty text in the place of each picture and of the mask; their files are ``pictures`` and ``mask``."""

    output: PredictionOutput
    pictures: Sequence[bytes]
    mask: bytes = b""

    def response(self) -> Response:
        """The response to the request, with its length."""
        return streamed(list(self._parts()))

    def _parts(self) -> Iterator[tuple[bytes, bytes]]:
        """The JSON up to a file, and that file."""
        values = self.output.to_json()
        rest = json.dumps({name: value for name, value in values.items() if name not in ("images", "mask")})
        for number, picture in enumerate(self.pictures):
            yield b'","' if number else b'{"images":["', picture
        yield b'"],"mask":"', self.mask
        yield b'",' + rest[1:].encode(), b""


def streamed(parts: Sequence[tuple[bytes, bytes]]) -> Response:
    """JSON text whose pieces stand before files, each of which becomes base64; with its length."""
    length = sum(len(words) + 4 * -(-len(file) // 3) for words, file in parts)
    return StreamingResponse(_body(parts), media_type="application/json", headers={"Content-Length": str(length)})


async def _body(parts: Sequence[tuple[bytes, bytes]]) -> AsyncIterator[bytes]:
    """Each file with the words before it. Not for a thread: to hand a piece to one takes longer than the piece."""
    words = b""
    for more, file in parts:
        words += more
        for start in range(0, len(file), PIECE):
            yield words + base64.b64encode(file[start : start + PIECE])
            words = b""
    yield words
