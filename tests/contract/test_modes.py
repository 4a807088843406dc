"""A mode that the contract accepts is a mode that the server has, and takes fields that exist."""

from pathlib import Path

import pytest

from contracts.errors import InvalidInputError
from contracts.modes import MODES
from contracts.prediction import PredictionInput
from tests.integration.inference_server import load_alone, noise, sent

FIELDS = set(PredictionInput.model_fields)
VALUES = {"prompt": "p", "mask_prompt": "a skirt", "image": sent(noise()), "mask": sent(noise())}


def test_the_server_has_the_modes_that_the_contract_declares_a_file_each(root: Path, tmp_path: Path) -> None:
    files = {path.stem for path in (root / "inference/atelier_inference/modes").glob("*.py")} - {"__init__"}
    modes = load_alone(tmp_path)
    assert set(modes) == set(MODES) == files
    assert len({type(mode) for mode in modes.values()}) == len(MODES)
    with pytest.raises(InvalidInputError, match=r"input\.mode: got 'paint'; allowed: style \| inpaint"):
        PredictionInput.from_json({"mode": "paint", "prompt": "p"})


@pytest.mark.parametrize("name", MODES)
def test_a_mode_takes_fields_that_exist_and_cannot_do_without_what_it_needs(name: str) -> None:
    fields = MODES[name]
    assert set(fields.needs) | set(fields.uses) <= FIELDS
    assert not set(fields.needs) & set(fields.uses)
    given = {need: VALUES[need] for need in fields.needs}
    assert PredictionInput.from_json({"mode": name, **given}).mode == name
    for need in fields.needs:
        with pytest.raises(InvalidInputError, match=rf"input\.{need}: .*required when mode is {name}"):
            PredictionInput.from_json({"mode": name, **given, need: None})


def test_every_field_means_something_in_some_mode() -> None:
    used = {field for fields in MODES.values() for field in (*fields.needs, *fields.uses)}
    assert FIELDS - used == {"mode", "output_format", "consent"}


@pytest.mark.parametrize(
    ("mode", "more", "ignored"),
    [
        ("segment", {"prompt": "p", "num_outputs": 2, "mask_grow": 3}, ["prompt", "num_outputs"]),
        ("upscale", {"adapter": "skirt", "prompt": "p", "strength": 0.5}, ["strength"]),
        ("text_to_image", {"strength": 0.8, "seed": 1, "return_mask": True}, ["return_mask"]),
        ("inpaint", {"mask_prompt": "a skirt", "upscale": True, "output_format": "jpeg"}, ["mask_prompt"]),
    ],
)
def test_a_field_that_means_nothing_in_a_mode_is_warned_of_unless_it_is_the_default(
    mode: str, more: dict[str, object], ignored: list[str], tmp_path: Path
) -> None:
    given = {need: VALUES[need] for need in MODES[mode].needs}
    request = PredictionInput.from_json({"mode": mode, **given, **more})
    assert sorted(load_alone(tmp_path)[mode].ignores(request)) == sorted(ignored)
