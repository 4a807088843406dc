"""Whatever a body holds, a dialect reads it or refuses it: no other error leaves it, which would be a 500."""

import base64
import contextlib
import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from atelier_inference.dialects import dialect_of
from atelier_inference.dialects.dialect import FORM, JPEG, JSON, Invocation
from atelier_inference.dialects.jumpstart_inpainting import KEYS as INPAINTING
from atelier_inference.dialects.jumpstart_text_to_image import KEYS as TEXT_TO_IMAGE
from atelier_inference.dialects.jumpstart_text_to_image import TEXT
from atelier_inference.dialects.jumpstart_upscaling import KEYS as UPSCALING
from atelier_inference.dialects.nova_request import NovaRequest
from atelier_inference.dialects.replicate_cog import CogRequest
from atelier_inference.dialects.styling_blog import KEYS as STYLING
from contracts.errors import InvalidInputError
from contracts.openai import ImageEditForm, ImageEditRequest
from contracts.prediction import PredictionInput
from contracts.stability import SearchAndReplaceForm


def _picture() -> str:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


PICTURE = _picture()
NUMBERS = st.one_of(st.integers(-3, 2**33), st.floats(allow_nan=False), st.booleans(), st.none())
ROWS = st.lists(st.lists(st.lists(st.integers(-1, 256), max_size=3), max_size=2), max_size=2)
VALUES = st.one_of(NUMBERS, st.text(max_size=8), st.just(PICTURE), ROWS, st.lists(st.text(max_size=3), max_size=3))
TASKS = st.sampled_from(["TEXT_IMAGE", "INPAINTING", "OUTPAINTING", "IMAGE_VARIATION", "COLOR_GUIDED_GENERATION", "p"])
NOVA = tuple({*NovaRequest.model_fields})
OF_NOVA = (
    *("text", "negativeText", "colors", "images", "image", "maskImage", "maskPrompt", "similarityStrength"),
    *("width", "height", "quality", "cfgScale", "seed", "numberOfImages", "style", "outPaintingMode"),
)
KEYS = {
    "jumpstart-text-to-image": TEXT_TO_IMAGE,
    "jumpstart-inpainting": INPAINTING,
    "jumpstart-upscaling": UPSCALING,
    "styling-blog": STYLING,
    "openai-images": (*ImageEditRequest.model_fields, "image"),
    "replicate-cog": tuple(CogRequest.model_fields),
    "nova-canvas": NOVA,
}
INNER = (*PredictionInput.model_fields, "image_url", *OF_NOVA)


def bodies(keys: tuple[str, ...]) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with keys of a dialect, now and then another, and values of every kind, objects among them."""
    inner = st.dictionaries(st.sampled_from(INNER), st.one_of(VALUES, TASKS), max_size=6)
    values = st.one_of(VALUES, TASKS, inner, st.lists(inner, max_size=2))
    return st.dictionaries(st.one_of(st.sampled_from(keys), st.text(max_size=4)), values, max_size=len(keys))


@pytest.mark.parametrize("keys", KEYS.values(), ids=KEYS)
@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_a_body_is_read_or_refused(keys: tuple[str, ...], data: st.DataObject) -> None:
    body = data.draw(bodies(keys))
    content_type, accept = data.draw(st.sampled_from([JSON, JSON + JPEG])), data.draw(st.sampled_from([JSON, JPEG]))
    call = Invocation(content_type=content_type, accept=accept, body=bytearray(json.dumps(body).encode()))
    with contextlib.suppress(InvalidInputError):
        asked = dialect_of(call).read(call).decoded(lambda _: None)
        assert 1 <= sum(request.num_outputs for request in asked.requests) <= 8


@given(body=st.binary(max_size=40), content_type=st.sampled_from([JSON, JSON + JPEG, TEXT, FORM]))
@settings(max_examples=150, deadline=None)
def test_bytes_are_read_or_refused(body: bytes, content_type: str) -> None:
    call = Invocation(content_type=content_type, accept=JSON + JPEG, body=bytearray(body))
    with contextlib.suppress(InvalidInputError):
        dialect_of(call).read(call).decoded(lambda _: None)


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_a_form_is_read_or_refused(data: st.DataObject) -> None:
    names = [*ImageEditForm.model_fields, *SearchAndReplaceForm.model_fields, "image[]"]
    fields = data.draw(st.lists(st.tuples(st.sampled_from(names), st.one_of(st.text(max_size=6), st.just(PICTURE)))))
    parts = [f'--Xy\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields]
    whole = "".join([*parts, "--Xy--\r\n"]).encode("utf-8", "surrogatepass")
    cut = data.draw(st.integers(0, len(whole)))
    body = data.draw(st.sampled_from([whole, whole[:cut]]))
    kind = f"{FORM}; boundary=Xy"
    call = Invocation(content_type=kind.lower(), accept="", body=bytearray(body), header=kind)
    with contextlib.suppress(InvalidInputError):
        dialect_of(call).read(call).decoded(lambda _: None)
