"""A picture that was downloaded, cut and encoded anew is traced to its prediction, until that is deleted."""

import io
from functools import partial
from pathlib import Path

import pytest
from PIL import Image

from cli.errors import CommandError
from cli.origin import find_origin, tell_origin
from cli.tracing import prediction_of
from tests.e2e.studio import Studio

WORDS = {"mode": "text_to_image", "prompt": "a photo of a woman in a red skirt", "width": 384, "height": 384}


def test_a_picture_is_traced_to_its_record_and_its_record_s_deletion_leaves_nothing(
    studio: Studio, tmp_path: Path
) -> None:
    api, outputs = studio.deployment.api, lambda: studio.deployment.outputs
    made = api.predictions.create({**WORDS, "seed": 4})
    ended = api.predictions.wait(made.id)
    (picture,) = api.predictions.pictures(ended)
    ask = partial(prediction_of, api)
    downloaded, passed_on = tmp_path / "downloaded.png", tmp_path / "passed-on.jpg"
    downloaded.write_bytes(picture)
    origin = find_origin(downloaded, studio.client, outputs, ask)
    assert (origin.verdict, origin.manifest, origin.prediction) == ("both", "trusted", made.id)
    with Image.open(io.BytesIO(picture)) as opened:
        opened.convert("RGB").crop((11, 7, opened.width - 6, opened.height - 9)).save(passed_on, quality=80)
    origin = find_origin(passed_on, studio.client, outputs, ask)
    assert (origin.verdict, origin.manifest, origin.prediction) == ("mark", "none", made.id)
    api.predictions.delete(made.id)
    assert find_origin(passed_on, studio.client, outputs, ask).prediction == ""


def test_a_picture_of_nobody_s_is_said_to_be_none(studio: Studio, tmp_path: Path) -> None:
    file = tmp_path / "grey.png"
    Image.effect_noise((256, 256), 9).convert("RGB").save(file)
    with pytest.raises(CommandError, match="neither a manifest nor a mark"):
        tell_origin(file, studio.client, lambda: studio.deployment.outputs, lambda _: "", json=False)
