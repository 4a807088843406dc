"""How much memory a request of another server's dialect takes beside its pictures' own way: pictures as lists of numbers above all."""

import base64
import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

LISTED = 816
"""Pixels a side of a picture of which a request has two as lists: together nearly as many numbers as there may be."""

ANSWERED = 2_048
"""Pixels a side of the largest square that an answer has as lists."""

WORKS = (
    *("jumpstart reads lists", "jumpstart reads files", "styling-blog reads files"),
    *(
        "nova reads files",
        "openai reads files",
        "openai reads a form",
        "stability reads a form",
        "replicate reads files",
    ),
    *("jumpstart answers lists", "jumpstart answers files"),
)
BOUNDARY = "multipart/form-data; boundary=Xy"


def body_of(name: str, photo: bytes, mask: bytes) -> bytes:
    """What a client sends."""
    if name == "jumpstart reads lists":
        rows = _noise(LISTED).tolist()
        return json.dumps({"prompt": "p", "image": rows, "mask_image": rows}).encode()
    files = {"image": base64.b64encode(photo).decode(), "mask": base64.b64encode(mask).decode()}
    if name.startswith("styling-blog"):
        return json.dumps({"inputs": "p", "input_img": files["image"], "mask_img": files["mask"]}).encode()
    if name.startswith("nova"):
        words = {"text": "p", "image": files["image"], "maskImage": files["mask"]}
        return json.dumps({"taskType": "INPAINTING", "inPaintingParams": words}).encode()
    if name.endswith("a form"):
        return _form({"prompt": b"p", "image": photo, **_OF_FORMS[name.partition(" ")[0]](mask)})
    if name.startswith("openai"):
        return json.dumps({"prompt": "p", "n": 1, **files}).encode()
    if name.startswith("replicate"):
        return json.dumps({"input": {"mode": "inpaint", "prompt": "p", **files}}).encode()
    return json.dumps({"prompt": "p", "image": files["image"], "mask_image": files["mask"]}).encode()


_OF_FORMS: Mapping[str, Callable[[bytes], Mapping[str, bytes]]] = {
    "openai": lambda mask: {"mask": mask},
    "stability": lambda mask: {"search_prompt": b"a skirt"},
}


def _form(fields: Mapping[str, bytes]) -> bytes:
    head = 'Content-Disposition: form-data; name="{}"'
    parts = [b"--Xy\r\n" + head.format(name).encode() + b"\r\n\r\n" + body for name, body in fields.items()]
    return b"\r\n".join([*parts, b"--Xy--\r\n"])


def picture_of(name: str, photo: bytes) -> bytes:
    """The file that an answer has."""
    if not name.endswith("lists"):
        return photo
    file = io.BytesIO()
    Image.fromarray(_noise(ANSWERED)).save(file, "PNG")
    return file.getvalue()


def work(name: str, folder: Path) -> None:
    """Read the request that lies in ``folder``, or make the answer of the pictures there, and send it."""
    import asyncio

    from atelier_inference.answer_stream import FinishedAnswer
    from atelier_inference.dialects import dialect_of
    from atelier_inference.dialects.dialect import JPEG, JSON, Invocation
    from atelier_inference.dialects.jumpstart import answering
    from contracts.prediction import PredictionOutput

    if " reads " in name:
        kind = BOUNDARY if name.endswith("a form") else JSON + (JPEG if name == "jumpstart reads files" else "")
        body = bytearray((folder / "body").read_bytes())
        accept = "" if name.startswith("stability") else JSON + JPEG
        call = Invocation(content_type=kind.lower(), accept=accept, body=body, header=kind)
        dialect_of(call).read(call).decoded(lambda pixels: None)
        return
    call = Invocation(content_type=JSON, accept=JSON + (JPEG if name.endswith("files") else ""), body=bytearray())
    output = PredictionOutput(images=[""], output_format="png", seed=0, model="tiny@1")
    answer = FinishedAnswer(output=output, pictures=[(folder / "photo").read_bytes()])
    response = answering(call, {})([answer])

    async def receive() -> Mapping[str, Any]:
        await asyncio.sleep(3_600)  # the client stays until it has all
        return {}

    async def send(message: Mapping[str, Any]) -> None:
        """To nobody."""

    asyncio.run(response({"type": "http", "asgi": {"spec_version": "2.4"}}, receive, send))  # type: ignore[arg-type]


def _noise(side: int) -> Any:
    return np.random.default_rng(0).integers(100, 255, (side, side, 3), dtype=np.uint8)
