"""Answers of JumpStart's dialects are JSON of their own shape, and files become base64 while they are sent."""

import asyncio
import base64
import json
from collections.abc import AsyncIterable, Mapping
from typing import Any

import pytest
from starlette.responses import StreamingResponse

from atelier_inference.answer_stream import PIECE, FinishedAnswer
from atelier_inference.dialects.dialect import JPEG, JSON, Invocation
from atelier_inference.dialects.jumpstart import answering
from contracts.prediction import PredictionOutput

FILES = (b"first", b"", bytes(range(256)) * (PIECE // 128))
OUTPUT = PredictionOutput(images=["", "", ""], output_format="jpeg", seed=1, model="tiny@1")


def sent(echo: Mapping[str, Any], *, one: bool) -> tuple[StreamingResponse, list[bytes]]:
    call = Invocation(content_type=JSON, accept=JSON + JPEG, body=bytearray())
    response = answering(call, echo, one=one)([FinishedAnswer(output=OUTPUT, pictures=FILES)])
    assert isinstance(response, StreamingResponse)

    async def read(pieces: AsyncIterable[Any]) -> list[bytes]:
        return [bytes(piece) async for piece in pieces]

    return response, asyncio.run(read(response.body_iterator))


@pytest.mark.parametrize("echo", [{}, {"prompt": 'a "red" skirt, 빨강'}])
@pytest.mark.parametrize("one", [True, False])
def test_the_answer_is_the_json_that_jumpstart_gives(echo: Mapping[str, Any], one: bool) -> None:
    response, pieces = sent(echo, one=one)
    texts = [base64.b64encode(file).decode() for file in FILES]
    shown = {"generated_image": texts[0]} if one else {"generated_images": texts}
    assert json.loads(b"".join(pieces)) == {**shown, **echo}
    assert response.headers["content-length"] == str(sum(map(len, pieces)))
    words = len(json.dumps({**shown, **echo})) - sum(map(len, texts[:1] if one else texts))
    assert max(map(len, pieces)) <= PIECE * 4 // 3 + words
