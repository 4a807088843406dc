"""A photo that is asked many times is encoded and searched once, and its answers are the same bytes as without that."""

import base64
from typing import Any

import numpy as np
import pytest
from PIL import Image

from atelier_inference.answering import make_answer
from atelier_inference.modes import Modes
from atelier_inference.skin_gate import SkinGate
from contracts.prediction import PredictionInput
from tests.integration.inference_server import HEIGHT, INPAINT, WIDTH, Server, noise, sent, smooth

STYLE = {"mode": "style", "image": sent(noise()), "mask_prompt": "a skirt", "num_inference_steps": 2}


class Counted:
    """A call that is counted."""

    def __init__(self, call: Any) -> None:
        self.call = call
        self.calls = 0

    def __call__(self, *values: Any, **named: Any) -> Any:
        self.calls += 1
        return self.call(*values, **named)


def counted(monkeypatch: pytest.MonkeyPatch, server: Server) -> tuple[Counted, Counted]:
    """What really goes through the autoencoder's encoder and through the segmenter's model.

    The skin gate is left out: it has the segmenter look at what was painted, which nobody saw before.
    """
    monkeypatch.setattr(SkinGate, "refusal", lambda *_: None)
    dependencies = server.modes["style"].dependencies
    assert dependencies.segmenter is not None
    encoder = dependencies.model.painter.pipeline.vae.encoder
    encoded, looked = Counted(encoder.forward), Counted(dependencies.segmenter.probability)
    monkeypatch.setattr(encoder, "forward", encoded)
    monkeypatch.setattr(dependencies.segmenter, "probability", looked)
    return encoded, looked


def test_one_photo_with_many_prompts_is_encoded_and_searched_once(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded, looked = counted(monkeypatch, server)
    photo = sent(smooth(WIDTH, HEIGHT).rotate(90))
    answers = [server.predict(**{**STYLE, "image": photo, "prompt": word, "seed": 3}) for word in ("red", "blue")]
    assert answers[0].images != answers[1].images
    assert (encoded.calls, looked.calls) == (1, 2)  # the segmenter looks twice: at all, and closer
    server.predict(**{**STYLE, "image": photo, "prompt": "red", "seed": 4, "num_outputs": 3})
    assert (encoded.calls, looked.calls) == (1, 2)
    other = np.array(smooth(WIDTH, HEIGHT).rotate(90))
    other[HEIGHT // 2, WIDTH // 2, 0] ^= 1
    server.predict(**{**STYLE, "image": sent(Image.fromarray(other)), "prompt": "red", "seed": 3})
    assert looked.calls == 4


def test_words_are_encoded_once_in_any_company(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = server.modes["style"].dependencies.model.painter.pipeline.text_encoder
    told = Counted(encoder.forward)
    monkeypatch.setattr(encoder, "forward", told)
    asked = {"mode": "text_to_image", "num_inference_steps": 1, "negative_prompt": "fog", "seed": 1}
    answers = [server.predict(**asked, prompt=words) for words in ("a blue coat", "a grey coat", "a blue coat")]
    assert answers[0].images == answers[2].images != answers[1].images
    assert told.calls == 3
    server.predict(**asked, prompt="a grey coat", num_outputs=4)
    assert told.calls == 3


@pytest.mark.parametrize("fields", [{**STYLE, "prompt": "red", "num_outputs": 2, "seed": 5}, {**INPAINT, "seed": 5}])
def test_an_answer_is_the_same_whether_its_photo_was_known_or_not(
    server: Server, fields: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    server.predict(**fields)
    encoded, looked = counted(monkeypatch, server)
    known = server.predict(**fields)
    assert (encoded.calls, looked.calls) == (0, 0)
    assert known.images == without_memory(server.modes, monkeypatch, fields)


def without_memory(modes: Modes, monkeypatch: pytest.MonkeyPatch, fields: dict[str, Any]) -> list[str]:
    """The answer's pictures by models that remember nothing."""
    dependencies = modes["style"].dependencies
    vae, segmenter = dependencies.model.painter.pipeline.vae, dependencies.segmenter
    assert segmenter is not None
    monkeypatch.setattr(vae, "encode", type(vae).encode.__get__(vae))
    monkeypatch.setattr(segmenter, "find", segmenter._outline)
    request = PredictionInput.from_json(fields)
    mode = modes[request.mode]
    (finish,) = mode.run([job := mode.prepare(request)])
    return [base64.b64encode(file).decode() for file in make_answer(job, finish, "test").pictures]
