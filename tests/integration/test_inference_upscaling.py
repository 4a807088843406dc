"""Upscaling through the server, alone and chained after another mode, and the tiles of the shipped upscaler."""

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from atelier_inference.upscaling import Enlarger, Upscaling
from contracts.errors import InvalidInputError
from diffusion.upscaler import Upscaler
from imaging.tiling import weights
from models.catalogue import find
from models.tiny.make.figures import draw
from models.tiny.make.wardrobe import random_outfit
from tests.integration.inference_server import INPAINT, Server, disc, noise, received, sent, smooth


@pytest.mark.parametrize(("width", "height"), [(1, 1), (20, 90), (32, 32), (63, 41)])
def test_upscale_makes_any_picture_four_times_as_wide_and_high(server: Server, width: int, height: int) -> None:
    answer = server.predict(mode="upscale", image=sent(smooth(width, height)), seed=1)
    assert received(answer.images[0]).shape == (4 * height, 4 * width, 3)
    assert (answer.model, answer.seed, answer.adapter) == ("tiny-upscaler@1", 1, "")
    again = server.predict(mode="upscale", image=sent(smooth(width, height)), seed=1)
    other = server.predict(mode="upscale", image=sent(smooth(width, height)), seed=2)
    assert again.images == answer.images != other.images


def test_upscale_uses_its_own_defaults_and_takes_words_and_noise(server: Server) -> None:
    fields = {"mode": "upscale", "image": sent(smooth(20, 20)), "prompt": "a skirt", "seed": 1}
    default = server.predict(**fields)
    same = server.predict(**fields, num_inference_steps=3, guidance_scale=2.0, noise_level=20, num_outputs=2)
    assert same.images[0] == default.images[0]
    for change in ({"prompt": "a coat"}, {"noise_level": 300}, {"num_inference_steps": 2}, {"guidance_scale": 9}):
        assert server.predict(**{**fields, **change}).images != default.images


def test_without_words_guidance_changes_nothing(server: Server) -> None:
    fields = {"mode": "upscale", "image": sent(smooth(20, 20)), "seed": 1}
    assert server.predict(**fields, guidance_scale=9).images == server.predict(**fields).images


def test_tiles_of_several_requests_share_batches(server: Server) -> None:
    pictures = [smooth(20 + number, 20) for number in range(4)]
    alone = [received(server.predict(mode="upscale", image=sent(each), seed=1).images[0]) for each in pictures]
    together: dict[int, Any] = {}

    def ask(number: int) -> None:
        together[number] = server.predict(mode="upscale", image=sent(pictures[number]), seed=1)

    threads = [threading.Thread(target=ask, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, expected in enumerate(alone):
        assert np.abs(received(together[number].images[0]).astype(int) - expected).max() <= 1


def test_a_picture_too_large_to_upscale_is_refused_with_what_is_allowed(server: Server) -> None:
    cases: list[tuple[tuple[int, int], dict[str, Any]]] = [
        ((2000, 1049), {"mode": "upscale"}),
        ((4096, 8), {"mode": "upscale"}),
        ((1449, 1448), {"mode": "image_to_image", "prompt": "p", "upscale": True}),
    ]
    for size, request in cases:
        answer = server.post(**request, image=sent(Image.new("RGB", size), "jpeg"))
        assert answer.status_code == 400
        assert f"{size[0]}x{size[1]} pixels" in answer.json()["error"]["message"]
        assert "at most 2097152 pixels and 4095 a side" in answer.json()["error"]["allowed"]


@pytest.mark.parametrize("outputs", [1, 2])
def test_an_upscaled_inpainting_is_the_upscaled_photo_outside_its_mask(server: Server, outputs: int) -> None:
    width, height = 44, 40
    fields = {**INPAINT, "image": sent(noise(width, height)), "mask": sent(disc(width, height))}
    photo = server.predict(mode="upscale", image=fields["image"], seed=7)
    small = server.predict(**fields, num_outputs=outputs)
    answer = server.predict(**fields, num_outputs=outputs, upscale=True, return_mask=True)
    before, alpha = received(photo.images[0]), received(answer.mask)
    assert alpha.shape == (4 * height, 4 * width)
    assert (alpha == 0).mean() > 0.3
    for large, plain in zip(answer.images, small.images, strict=True):
        after = received(large)
        assert np.array_equal(after[alpha == 0], before[alpha == 0])
        enlarged = received(server.predict(mode="upscale", image=plain, seed=7).images[0])
        inside = alpha == 255
        assert np.abs(after[inside].astype(int) - enlarged[inside]).mean() < 2
        assert (after[inside] != before[inside]).any(axis=-1).mean() > 0.9


def test_an_upscaled_style_is_the_upscaled_photo_outside_the_mask_it_found(server: Server) -> None:
    fields = {"image": sent(noise()), "mask_prompt": "a skirt", "prompt": "a red skirt", "seed": 5}
    photo = received(server.predict(mode="upscale", image=sent(noise()), seed=5, noise_level=40).images[0])
    answer = server.predict(mode="style", **fields, upscale=True, noise_level=40, return_mask=True, adapter="skirt@1")
    after, alpha = received(answer.images[0]), received(answer.mask)
    assert 0 < (alpha == 0).mean() < 1
    assert np.array_equal(after[alpha == 0], photo[alpha == 0])
    assert answer.adapter == "skirt@1"
    assert "upscale" in answer.seconds


def test_pictures_from_words_and_from_pictures_can_be_upscaled(server: Server) -> None:
    words = {"mode": "text_to_image", "prompt": "p", "seed": 4, "width": 72, "height": 64, "num_outputs": 2}
    small, large = server.predict(**words), server.predict(**words, upscale=True)
    for number, (before, after) in enumerate(zip(small.images, large.images, strict=True)):
        expected = received(server.predict(mode="upscale", image=before, seed=4 + number).images[0])
        assert received(after).shape == expected.shape == (256, 288, 3)
        assert np.abs(received(after).astype(int) - expected).max() <= 1
    picture = server.predict(mode="image_to_image", prompt="p", image=sent(smooth(30, 45)), upscale=True)
    assert received(picture.images[0]).shape == (180, 120, 3)


@pytest.fixture(scope="module")
def tiny(root: Path) -> Enlarger:
    """The shipped upscaler with the catalogue's settings."""
    entry = find("tiny-upscaler")
    folder = root / "models/tiny/weights/upscaler"
    return Enlarger(
        reference=entry.reference,
        adapters_for=entry.reference,
        upscaler=Upscaler.load(folder, device="cpu", dtype=torch.float32, checker=False),
        side=entry.resolution,
        defaults=Upscaling(sampling=replace(entry.sampling, guidance=1.0), noise_level=20),
    )


def test_a_noise_level_that_the_upscaler_was_not_trained_for_is_refused(tiny: Enlarger) -> None:
    known = tiny.upscaler.most_noise
    assert tiny.settings(known).noise_level == known
    with pytest.raises(InvalidInputError, match=rf"input\.noise_level: got {known + 1}; allowed: 0 to {known}"):
        tiny.settings(known + 1)


def figure(seed: int, side: int) -> Image.Image:
    rng = np.random.default_rng((seed, 77))
    return draw(random_outfit(rng), rng, (2 * side, 2 * side)).image.reduce(2)


def steps(picture: Image.Image) -> NDArray[np.float64]:
    """Mean difference of neighbours, across at each column and down at each row, of a square picture."""
    levels = np.asarray(picture, dtype=float)
    across, down = np.abs(np.diff(levels, axis=1)).mean((0, 2)), np.abs(np.diff(levels, axis=0)).mean((1, 2))
    return np.asarray(across + down)


def hard_cut(length: int, side: int) -> NDArray[np.float32]:
    """The weights of tiles that are laid side by side instead of being blended."""
    soft = weights(length, side)
    return np.asarray(np.arange(len(soft))[:, None] == soft.argmax(axis=0), dtype=np.float32)


def test_the_shipped_upscalers_tiles_meet_without_a_seam(tiny: Enlarger, monkeypatch: pytest.MonkeyPatch) -> None:
    side = 112
    figures = [figure(seed, side) for seed in range(4)]
    tiles = tiny.enlarge([tiny.tiles(each, seed) for seed, each in enumerate(figures)], tiny.defaults)
    one: dict[str, Any] = {"prompts": [""], "seeds": [0], "sampling": tiny.defaults.sampling}
    in_one_piece = sum(steps(tiny.upscaler.enlarge(pictures=[each], **one)[0]) for each in figures)

    def compared() -> tuple[float, float]:
        """The largest difference of neighbours over that of the picture in one piece: where tiles meet, and elsewhere."""
        ratio = np.asarray(sum(steps(tiny.blend(each, (side, side))) for each in tiles) / in_one_piece)
        meeting = np.flatnonzero((weights(side, tiny.side).max(axis=0) < 1)[1:])
        assert 10 < len(meeting) < len(ratio) / 4
        return float(ratio[meeting].max()), float(np.delete(ratio, meeting).max())

    soft, elsewhere = compared()
    assert soft < elsewhere
    monkeypatch.setattr("imaging.tiling.weights", hard_cut)
    hard, elsewhere = compared()
    assert hard > elsewhere
