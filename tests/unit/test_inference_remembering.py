"""What is remembered of pictures has room for so many bytes, and is what would be made anew."""

import numpy as np
import pytest
import torch
from PIL import Image

from atelier_inference.remembering import Remembered, remember_encodings, remember_outlines
from contracts.sampling import Sampling
from diffusion.family import find_family
from diffusion.painter import Painter
from imaging.segmenter import Segmenter
from tests.unit.miniatures import save_miniature, save_segmenter

torch.set_num_threads(1)


def test_the_least_recently_used_is_forgotten_first_and_nothing_is_over_the_limit() -> None:
    remembered, made = Remembered(10), list[str]()

    def get(key: str, size: int = 4) -> str:
        return remembered.get(key, lambda: made.append(key) or key, lambda _: size)  # type: ignore[func-returns-value]

    assert [get(key) for key in ("a", "b", "a", "c", "a", "b")] == ["a", "b", "a", "c", "a", "b"]
    assert made == ["a", "b", "c", "b"]
    assert remembered.size == 8
    assert get("larger than all", 11) == "larger than all"
    assert get("a") == "a"
    assert made == ["a", "b", "c", "b", "larger than all"]


def test_what_could_not_be_made_is_tried_again() -> None:
    remembered = Remembered(10)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            remembered.get("a", lambda: 1 / 0, lambda _: 1)
    assert remembered.get("a", lambda: 2.0, lambda _: 1) == 2
    assert remembered.size == 1


@pytest.mark.parametrize("family", ["sd1", "sdxl"])
def test_a_known_picture_is_painted_as_an_unknown_one(family: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Also in a model that is given the picture itself, as image_to_image needs it."""
    folder = tmp_path_factory.mktemp(family)
    save_miniature(folder, family)

    def painter() -> Painter:
        return find_family(family, Painter).load(folder, device="cpu", dtype=torch.float32, checker=False)

    def painted(by: Painter, seed: int) -> bytes:
        picture = Image.new("RGB", (32, 32), "red")
        pictures = by.paint_from(
            prompts=["a", "b"],
            seeds=[seed, seed + 1],
            pictures=[picture] * 2,
            sampling=Sampling(steps=2, guidance=2.0),
            strength=0.9,
        )
        return b"".join(each.tobytes() for each in pictures)

    plain, remembering, remembered = painter(), painter(), Remembered(2**20)
    remember_encodings(remembering.pipeline.vae, remembered)
    for seed in (1, 1, 7):
        assert painted(remembering, seed) == painted(plain, seed)
    assert 0 < remembered.size <= remembered.most


def test_a_picture_of_another_precision_or_size_is_another() -> None:
    class Encoder:
        calls = 0

        def encode(self, pixels: torch.Tensor) -> "Encoder":
            Encoder.calls += 1
            self.latent_dist = self
            self.parameters = pixels
            return self

    encoder, remembered = Encoder(), Remembered(2**20)
    remember_encodings(encoder, remembered)
    grey = torch.zeros(1, 3, 8, 16)
    for pixels in (grey, grey.half(), grey.reshape(1, 3, 16, 8), grey.clone(), grey[:, :, ::2, ::2]):
        encoder.encode(pixels)
    assert Encoder.calls == 4


def test_masks_are_the_same_whatever_is_remembered(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("segmenter")
    save_segmenter(folder)
    plain, remembering = Segmenter.load(folder), Segmenter.load(folder)
    remember_outlines(remembering, Remembered(2**20))
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 255, (91, 63, 3), dtype=np.uint8))
    for words, grow in (("a skirt", None), ("a skirt and a shirt", 3), ("a skirt", -2)):
        expected, found = plain.mask(noise, words, grow=grow), remembering.mask(noise, words, grow=grow)
        assert found.mask.tobytes() == expected.mask.tobytes()
        assert found.metrics == expected.metrics
