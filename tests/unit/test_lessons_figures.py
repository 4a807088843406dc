"""What the teaching pictures claim is so: of the tiny models themselves."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn.functional import interpolate

from contracts.sampling import Sampling
from imaging.masks import from_image
from lessons.figures import attention, autoencoder, channels, denoising, guidance, noise, pasting, words_to_mask
from lessons.figures.card import PAPER, WIDTH, Band, Panel, draw_card, heat, over
from lessons.figures.subjects import as_seen, dressed, shirt, skirt
from lessons.figures.workshop import LATENTS, SIDE, Seen, Workshop


@pytest.fixture(scope="module")
def workshop() -> Workshop:
    return Workshop()


@pytest.fixture(scope="module")
def clean(workshop: Workshop) -> torch.Tensor:
    return workshop.encode([as_seen(dressed(1, shirt("red"), skirt("blue")).image, SIDE)])


def test_noise_takes_the_share_that_the_picture_leaves(workshop: Workshop, clean: torch.Tensor) -> None:
    noisy, kept = noise.mixed(workshop, clean)
    assert kept == sorted(kept, reverse=True)
    for mix, factor in zip(noisy, kept, strict=True):
        rest = mix - factor * clean
        assert float(rest.var()) == pytest.approx(1 - factor**2, abs=0.05)
    assert torch.corrcoef(torch.stack([noisy[0].flatten(), clean.flatten()]))[0, 1] > 0.99
    assert abs(torch.corrcoef(torch.stack([noisy[-1].flatten(), clean.flatten()]))[0, 1]) < 0.1


def test_the_autoencoder_gives_a_picture_back(workshop: Workshop, clean: torch.Tensor) -> None:
    picture = as_seen(dressed(1, shirt("red"), skirt("blue")).image, SIDE)
    (back,) = workshop.decode(clean)
    assert clean.numel() * 3 == SIDE * SIDE * 3
    assert autoencoder.psnr(picture, back) > 27


def test_psnr_and_difference_tell_how_far_pictures_are_apart() -> None:
    grey = Image.new("RGB", (4, 4), (100, 100, 100))
    lighter = Image.new("RGB", (4, 4), (110, 100, 100))
    assert autoencoder.psnr(grey, lighter) == pytest.approx(10 * np.log10(255**2 / (100 / 3)))
    assert autoencoder.difference(grey, lighter).getpixel((0, 0)) == (128 + 10 * autoencoder.TIMES, 128, 128)


def test_the_last_guess_is_the_picture_that_was_painted(workshop: Workshop) -> None:
    drawn = denoising.draw(workshop)
    assert drawn.numbers["last_guess_apart"] <= 1
    assert drawn.numbers["last_change"] < drawn.numbers["first_change"]
    assert drawn.numbers["rows"] == drawn.numbers["steps"] + drawn.numbers["guided_steps"]
    assert [len(band.panels) for band in drawn.bands] == [drawn.numbers["steps"]]


def test_a_guided_guess_goes_beyond_the_prompt_alone() -> None:
    predicted = torch.stack([torch.zeros(4, 2, 2), torch.ones(4, 2, 2)])
    seen = Seen(given=torch.zeros(2, 9, 2, 2), timestep=999, predicted=predicted)
    assert torch.equal(denoising.guess(seen, Sampling(steps=1, guidance=3.0)), torch.full((1, 4, 2, 2), 3.0))
    alone = Seen(given=seen.given[1:], timestep=1, predicted=predicted[1:])
    assert torch.equal(denoising.guess(alone, Sampling(steps=1, guidance=3.0)), predicted[1:])


def test_the_fifth_channel_is_the_mask_and_those_after_it_what_is_outside(workshop: Workshop) -> None:
    framed, seen = channels.watch(workshop)
    given = seen.given[-1]
    mask = torch.from_numpy(from_image(framed.mask))[None, None].float()
    assert torch.equal(given[LATENTS], interpolate(mask, size=given.shape[-2:])[0, 0])
    outside = workshop.encode([channels.masked(framed)])[0]
    # But for the autoencoder's own noise: painting draws a latent, training takes the most likely one.
    assert (given[LATENTS + 1 :] - outside).abs().mean() < 0.05
    assert given.shape[0] == 2 * LATENTS + 1


def test_what_a_place_gives_to_all_words_is_one(workshop: Workshop) -> None:
    unet = workshop.painter.pipeline.unet
    seen = attention.attend(workshop, attention.SEED)
    for each in seen.maps.values():
        assert each.shape[1:4] == (4, SIDE // 8, SIDE // 8)
        assert torch.allclose(each.sum(-1), torch.ones(each.shape[:-1]), atol=1e-4)
    assert all(not layer._forward_pre_hooks for layer in attention.named_layers(unet).values())


def test_looking_on_changes_no_picture(workshop: Workshop) -> None:
    (plain,) = workshop.painter.paint(
        prompts=[attention.PROMPT], seeds=[attention.SEED], size=(SIDE, SIDE), sampling=workshop.sampling
    )
    assert attention.attend(workshop, attention.SEED).painted.tobytes() == plain.tobytes()


def test_a_word_left_out_changes_its_own_garment_most(workshop: Workshop) -> None:
    seen = attention.attend(workshop, attention.SEED)
    moved = attention.without(workshop, seen, "striped")
    height = moved.shape[0]
    assert moved[height // 2 :].mean() > 1.5 * moved[: height // 2].mean()
    assert attention.without(workshop, seen, "zebra").max() == 0


def test_a_garment_that_nobody_wears_is_refused(workshop: Workshop) -> None:
    numbers = words_to_mask.draw(workshop).numbers
    assert numbers["refused"] == ["trousers"]
    assert numbers["best"]["trousers"] < numbers["threshold"] < numbers["best"]["a skirt"]
    assert numbers["overlap"] > 0.9


def test_nothing_outside_the_soft_edge_changes(workshop: Workshop) -> None:
    numbers = pasting.draw(workshop).numbers
    assert numbers["changed_outside"] == 0
    assert numbers["bytes_outside"] > numbers["photo"] ** 2


def test_burnt_is_the_share_of_levels_at_an_end_inside_the_mask() -> None:
    levels = np.full((2, 2, 3), 100, np.uint8)
    levels[0] = [[0, 255, 100], [100, 100, 100]]
    mask = np.array([[True, True], [False, False]])
    assert guidance.burnt(Image.fromarray(levels), mask) == pytest.approx(2 / 6)


def test_a_card_is_as_wide_as_all_and_transparent_in_its_corners() -> None:
    red = Panel(picture=Image.new("RGB", (8, 8), (255, 0, 0)), words=["red"])
    card = draw_card([Band(title="two", panels=[red, red], columns=2)])
    assert (card.mode, card.width) == ("RGBA", WIDTH)
    assert card.getpixel((0, 0))[3] == 0  # type: ignore[index]
    assert card.getpixel((card.width // 2, 5)) == (*PAPER, 255)
    assert sum(count for count, colour in card.getcolors(10_000) or [] if colour == (255, 0, 0, 255)) > 2 * 400**2


def test_heat_grows_lighter_and_keeps_the_outlines_below_it() -> None:
    ramp = np.asarray(heat(np.linspace(0, 1, 9)[None]).convert("L"))[0]
    assert (np.diff(ramp.astype(int)) > 0).all()
    striped = Image.fromarray(np.tile(np.array([[0, 255]], np.uint8), (4, 2))).convert("RGB")
    assert np.asarray(over(striped, np.zeros((2, 2)))).std() > 10
