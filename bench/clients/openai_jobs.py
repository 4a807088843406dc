"""OpenAI's client (``openai``): its images and models."""

import base64
import io
from collections.abc import Mapping

import httpx2
import openai
from PIL import Image

from bench.clients.jobs import Job, refused
from bench.clients.world import PHOTO, PROMPT, STYLE, ClientStage, is_png, photo


def _client(world: ClientStage) -> openai.OpenAI:
    return openai.OpenAI(api_key=world.key, base_url=f"{world.url}/v1", max_retries=5)


def _generated(world: ClientStage) -> None:
    made = _client(world).images.generate(prompt=PROMPT, model=STYLE, n=2, size="64x64")
    assert [is_png(base64.b64decode(each.b64_json or "")) for each in made.data or []] == [True, True]


def _at_addresses(world: ClientStage) -> None:
    made = _client(world).images.generate(prompt=PROMPT, size="64x64", response_format="url")
    (picture,) = made.data or []
    assert is_png(httpx2.get(picture.url or "").content)


def _edited(world: ClientStage) -> None:
    """What is transparent in a mask is repainted, and nothing else changes."""
    mask = photo().convert("RGBA")
    mask.paste((0, 0, 0, 0), (0, mask.height // 2, mask.width, mask.height))
    file = io.BytesIO()
    mask.save(file, "PNG")
    made = _client(world).images.edit(image=PHOTO.read_bytes(), mask=file.getvalue(), prompt=PROMPT, model=STYLE)
    with Image.open(io.BytesIO(base64.b64decode((made.data or [])[0].b64_json or ""))) as picture:
        above = (0, 0, mask.width, mask.height // 4)
        assert picture.convert("RGB").crop(above).tobytes() == photo().crop(above).tobytes()


def _edited_by_words(world: ClientStage) -> None:
    with PHOTO.open("rb") as file:
        made = _client(world).images.edit(image=file, prompt=PROMPT, extra_body={"mask_prompt": "a skirt"})
    assert is_png(base64.b64decode((made.data or [])[0].b64_json or ""))


def _retrieved(world: ClientStage) -> None:
    models = _client(world).models
    assert [models.retrieve(name).id for name in ("base", STYLE, f"{STYLE}@1")] == ["base", STYLE, f"{STYLE}@1"]


def _listed(world: ClientStage) -> None:
    assert {"base", STYLE} <= {model.id for model in _client(world).models.list()}


def _refused(world: ClientStage) -> None:
    with refused(openai.UnprocessableEntityError, lambda error: error.param == "model" and "nobody" in error.message):
        _client(world).images.generate(prompt=PROMPT, model="nobody")
    with refused(openai.AuthenticationError, lambda error: bool(error.message)):
        openai.OpenAI(api_key="wrong", base_url=f"{world.url}/v1").models.list()


JOBS: Mapping[str, Job] = {
    "images.generate": _generated,
    'images.generate(response_format="url")': _at_addresses,
    "images.edit(mask=…)": _edited,
    "images.edit(mask_prompt)": _edited_by_words,
    "models.list": _listed,
    "models.retrieve": _retrieved,
    "errors": _refused,
}
