"""Broken styles over HTTP: each is named in a 4xx before anything is painted, and good styles' pictures keep their bytes afterwards."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from contracts.artifact import ADAPTER_WEIGHTS, hash_files, to_json
from contracts.layout import MANIFEST
from tests.integration.inference_server import INPAINT, Server, received, serving
from tests.unit.inference_store import STYLES, publish_lora, style_manifest

Tensors = dict[str, torch.Tensor]


def rewritten(change: Callable[[Tensors], Tensors]) -> Callable[[Path], None]:
    """Weights that were changed before they were published."""

    def damage(folder: Path) -> None:
        path = folder / ADAPTER_WEIGHTS
        tensors = change(load_file(path))
        path.unlink()
        save_file(tensors, path)
        republish(folder)

    return damage


def republish(folder: Path, **changes: Any) -> None:
    """The manifest of what lies there now."""
    (folder / MANIFEST).unlink()
    files = hash_files(folder)
    (folder / MANIFEST).write_text(to_json(style_manifest(files=files, **changes)))


def cut(folder: Path) -> None:
    path = folder / ADAPTER_WEIGHTS
    path.write_bytes(path.read_bytes()[:-100])
    republish(folder)


def changed_later(folder: Path) -> None:
    path = folder / ADAPTER_WEIGHTS
    path.write_bytes(path.read_bytes()[:-1] + b"\x7f")


def odd(**changes: Any) -> Callable[[Path], None]:
    """A manifest with other values, or without those that are None."""

    def damage(folder: Path) -> None:
        path = folder / MANIFEST
        values = {**json.loads(path.read_text()), **changes}
        path.write_text(json.dumps({name: value for name, value in values.items() if value is not None}))

    return damage


def told(text: str) -> Callable[[Path], None]:
    """A manifest of that text."""

    def damage(folder: Path) -> None:
        (folder / MANIFEST).write_text(text)

    return damage


def _not_a_number(tensors: Tensors) -> Tensors:
    first = sorted(tensors)[0]
    return {**tensors, first: torch.full_like(tensors[first], float("nan"))}


def _half(tensors: Tensors) -> Tensors:
    return {name: value for name, value in tensors.items() if "lora_B" not in name and "lora.up" not in name}


def _of_other_shape(tensors: Tensors) -> Tensors:
    return {name: torch.cat([value, value], dim=-1).contiguous() for name, value in tensors.items()}


BROKEN: dict[str, Callable[[Path], None]] = {
    "NaN": rewritten(_not_a_number),
    "half of the keys": rewritten(_half),
    "wrong shapes": rewritten(_of_other_shape),
    "another model's keys": rewritten(lambda tensors: {f"unet.other.{name}": value for name, value in tensors.items()}),
    "cut": cut,
    "changed after it was published": changed_later,
    "another base's": lambda folder: republish(folder, base_model="other@2"),
    "a full fine-tune": odd(method="full"),
    "a manifest without files": odd(files=None),
    "a manifest with an unknown key": odd(nonsense=1),
    "a manifest that is a list": told("[]"),
    "a manifest that is empty": told(""),
    "no manifest": lambda folder: (folder / MANIFEST).unlink(),
    "no weights": lambda folder: (folder / ADAPTER_WEIGHTS).unlink(),
}


@pytest.fixture(scope="module")
def styled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose bucket holds a style of each kind of damage beside two good ones."""
    with serving(tmp_path_factory.mktemp("server")) as running:
        pipeline = running.modes["inpaint"].dependencies.model.painter.pipeline
        for version, damage in enumerate(BROKEN.values(), start=1):
            folder = running.store.path(STYLES) / "broken" / str(version)
            publish_lora(pipeline, folder, seed=9, style="broken", version=version)
            damage(folder)
        yield running


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_style_is_a_named_400_before_painting_and_the_good_ones_stay(
    styled: Server, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = [{**INPAINT, "adapter": "skirt@1"}, {**INPAINT, "adapter": "skirt@2", "adapter_scale": 0.5}, INPAINT]
    before = [styled.predict(**fields).images for fields in good]
    reference, calls = f"broken@{list(BROKEN).index(kind) + 1}", list[int]()
    unet = styled.modes["inpaint"].dependencies.model.painter.pipeline.unet
    with monkeypatch.context() as patched:
        patched.setattr(unet, "forward", lambda *_, **__: calls.append(1))
        places = {
            "adapter": {"adapter": reference},
            "second_adapter": {"adapter": "skirt@1", "second_adapter": reference},
        }
        for where, fields in places.items():
            refused = styled.post(**INPAINT, **fields)
            assert refused.status_code == 400, (kind, refused.text)
            message = refused.json()["error"]["message"]
            # What is not there is named by its place.
            assert reference in message or reference.replace("@", "/") in message, message
            assert f"input.{where}" in message or "adapter broken@" in message, message
        assert not calls
    assert [styled.predict(**fields).images for fields in good] == before


def test_good_requests_beside_broken_styles_are_painted(styled: Server) -> None:
    expected = styled.predict(**INPAINT, adapter="skirt@1").images
    broken = [{**INPAINT, "adapter": f"broken@{version}"} for version in range(1, len(BROKEN) + 1)]
    good = {**INPAINT, "adapter": "skirt@1"}
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda fields: styled.post(**fields), [each for fields in broken for each in (fields, good)])
        )
    assert [answer.status_code for answer in answers] == [400, 200] * len(BROKEN)
    for answer in answers[1::2]:
        difference = np.abs(received(answer.json()["images"][0]).astype(int) - received(expected[0]))
        assert difference.max() <= 1
