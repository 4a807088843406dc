"""A view is encoded when a step first wants it, by one process, and never again: not in a resumed job, not by its neighbours."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from atelier_training.data.example_views import View, uncropped
from atelier_training.data.kept_views import KeptViews
from atelier_training.data.latents import EncodedView
from atelier_training.engine.interruption import Interruption
from atelier_training.engine.processes import Processes
from atelier_training.fine_tune_job import FineTuneJob
from atelier_training.jobs.fine_tune import fine_tune
from atelier_training.paths import MlPaths
from tests.unit.training_root import write_training

SIDE, PICTURES, VIEWS = 8, 6, 4


def cut(picture: int, number: int) -> View:
    pixels = np.full((SIDE, SIDE, 3), picture * VIEWS + number, dtype=np.uint8)
    return View(pixels=pixels, mask=np.ones((SIDE, SIDE), dtype=np.bool_), frame=uncropped(SIDE))


def encode(view: View) -> EncodedView:
    value = float(view.pixels[0, 0, 0])
    part = torch.full((4, 1, 1), value)
    return EncodedView(latents=part, mask=torch.ones(1, 1, 1), masked=-part, frame=torch.zeros(6))


def kept(folder: Path, encoding: Callable[[View], EncodedView] = encode) -> KeptViews[View, EncodedView]:
    names = tuple(f"{index}.png" for index in range(PICTURES))
    return KeptViews(
        names=names, captions=names, views=VIEWS, cut=cut, encode=encoding, kind=EncodedView, folder=folder
    )


def forbidden(view: View) -> EncodedView:
    raise AssertionError(f"encoded again: {view.pixels[0, 0, 0]}")


def test_a_view_is_encoded_when_it_is_wanted_and_read_afterwards(tmp_path: Path) -> None:
    first = kept(tmp_path).view(2, 3)
    assert [path.name for path in tmp_path.glob("*.safetensors")] == ["000011.safetensors"]
    again = kept(tmp_path, forbidden).view(2, 3)
    for one, other in zip(vars(first).values(), vars(again).values(), strict=True):
        assert torch.equal(one, other)
    assert float(again.latents[0, 0, 0]) == 11


@pytest.mark.parametrize("left", [0, 5, 100])
def test_a_view_that_came_only_in_part_is_encoded_again(tmp_path: Path, left: int) -> None:
    expected = kept(tmp_path).view(0, 1)
    (path,) = tmp_path.glob("*.safetensors")
    path.write_bytes(path.read_bytes()[:left])
    assert torch.equal(kept(tmp_path).view(0, 1).latents, expected.latents)
    assert torch.equal(kept(tmp_path, forbidden).view(0, 1).masked, expected.masked)


def test_processes_that_want_the_same_views_at_once_encode_each_once(tmp_path: Path) -> None:
    log, ready = tmp_path / "log", os.pipe()

    def noted(view: View) -> EncodedView:
        with log.open("ab") as file:
            file.write(b"%d\n" % view.pixels[0, 0, 0])
        return encode(view)

    children = []
    for seed in range(4):
        child = os.fork()
        if not child:
            os.read(ready[0], 1)  # all start together
            views = kept(tmp_path / "views", noted)
            right = all(
                float(views.view(place // VIEWS, place % VIEWS).latents[0, 0, 0]) == place
                for place in np.random.default_rng(seed // 2).permutation(PICTURES * VIEWS).tolist()
            )
            os._exit(0 if right else 1)
        children.append(child)
    os.write(ready[1], b"start")
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * 4
    assert sorted(map(int, log.read_text().split())) == list(range(PICTURES * VIEWS))
    assert not list((tmp_path / "views").glob("*.partial"))


def encoded(paths: MlPaths) -> set[str]:
    return {path.name for path in paths.checkpoints.glob("views/*/*.safetensors")}


def test_only_what_steps_see_is_encoded_and_the_next_steps_add_theirs(tmp_path: Path) -> None:
    paths = write_training(tmp_path, max_steps="1")
    fine_tune(paths.read_hyperparameters(FineTuneJob), paths, Processes(device=torch.device("cpu")), Interruption())
    assert len(encoded(paths)) == 2, "one step of two pictures"


def test_other_masks_or_another_seed_are_other_views(tmp_path: Path) -> None:
    paths = write_training(tmp_path, max_steps="1")
    job = paths.read_hyperparameters(FineTuneJob)
    fine_tune(job, paths, Processes(device=torch.device("cpu")), Interruption())
    (paths.checkpoints / "checkpoint.pt").unlink()
    mask = paths.channel("masks") / "masks/skirt-0.png"
    mask.write_bytes((paths.channel("masks") / "masks/skirt-1.png").read_bytes())
    fine_tune(job, paths, Processes(device=torch.device("cpu")), Interruption())
    assert len(list((paths.checkpoints / "views").iterdir())) == 2


@pytest.mark.parametrize(("batch", "encoded"), [(8, 4), (16, 8)])
def test_a_short_training_draws_fewer_views(tmp_path: Path, batch: int, encoded: int) -> None:
    """Four pictures, each seen 8 or 16 times: one view of each, or two."""
    paths = write_training(tmp_path, max_steps="4", batch_size=str(batch))
    job = paths.read_hyperparameters(FineTuneJob)
    fine_tune(job, paths, Processes(device=torch.device("cpu")), Interruption())
    assert len(list((paths.checkpoints / "views").glob("*/*.safetensors"))) == encoded
