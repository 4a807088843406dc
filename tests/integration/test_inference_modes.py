"""What each mode of the model server answers, with random miniatures of the real classes: sizes, seeds, masks, styles."""

import base64
import io
import threading
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from contracts.prediction import PredictionOutput
from imaging.appearance import measure_appearance
from imaging.cutout import Cutout
from imaging.pictures import encode
from tests.integration.inference_server import HEIGHT, INPAINT, WIDTH, Server, disc, noise, received, sent, smooth
from tests.unit.inference_store import STYLES, UPLOADS, publish_lora
from tests.unit.miniatures import RESOLUTION


def test_inpaint_changes_the_mask_and_not_one_byte_beyond_its_alpha(server: Server) -> None:
    answer = server.predict(**INPAINT, return_mask=True)
    before, after, alpha = np.asarray(noise()), received(answer.images[0]), received(answer.mask)
    assert after.shape == (HEIGHT, WIDTH, 3)
    assert np.array_equal(after[alpha == 0], before[alpha == 0])
    assert (after[np.asarray(disc()) == 255] != before[np.asarray(disc()) == 255]).any(axis=-1).mean() > 0.9
    assert (answer.seed, answer.model, answer.adapter, answer.output_format) == (7, "tiny-random@1", "", "png")
    assert set(answer.seconds) == {"read", "frame", "wait", "adapter", "paint", "finish", "encode"}


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_a_rotated_phone_photo_comes_back_upright_and_untouched_outside(server: Server, orientation: int) -> None:
    exif, buffer = Image.Exif(), io.BytesIO()
    exif[0x0112] = orientation
    noise().save(buffer, format="JPEG", exif=exif)
    stored = np.asarray(Image.open(buffer))
    upright = np.rot90(stored, {3: 2, 6: 3, 8: 1}[orientation])
    mask = sent(disc(upright.shape[1], upright.shape[0]))
    image = "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
    answer = server.predict(**{**INPAINT, "image": image, "mask": mask}, return_mask=True)
    after, alpha = received(answer.images[0]), received(answer.mask)
    assert after.shape == upright.shape
    assert np.array_equal(after[alpha == 0], upright[alpha == 0])


def test_a_seed_repeats_and_each_further_picture_is_the_next_seed(server: Server) -> None:
    pair = server.predict(**INPAINT, num_outputs=2)
    next_seed = server.predict(**{**INPAINT, "seed": 8})
    first, second = (received(image).astype(int) for image in pair.images)
    assert np.abs(second - received(next_seed.images[0])).max() <= 1
    assert np.abs(first - second).max() > 10


def test_without_a_seed_one_is_chosen_and_reported(server: Server) -> None:
    fields = {key: value for key, value in INPAINT.items() if key != "seed"}
    first = server.predict(**fields)
    again = server.predict(**fields, seed=first.seed)
    assert again.images == first.images
    assert server.predict(**fields).seed != first.seed


@pytest.mark.parametrize(("file_format", "name"), [("jpeg", "JPEG"), ("webp", "WEBP"), ("png", "PNG")])
def test_the_output_format_is_what_was_asked(server: Server, file_format: str, name: str) -> None:
    answer = server.predict(**INPAINT, output_format=file_format)
    assert Image.open(io.BytesIO(base64.b64decode(answer.images[0]))).format == name
    lossy = [f"output_format: {file_format} is lossy, where nothing was painted too; png is not"]
    assert answer.notes == ([] if file_format == "png" else lossy)


def test_mask_grow_and_blur_are_pixels_of_the_picture(server: Server) -> None:
    white = np.asarray(disc()) == 255
    exact = received(server.predict(**INPAINT, mask_blur=0, return_mask=True).mask)
    assert np.array_equal(exact == 255, white)
    assert set(np.unique(exact)) == {0, 255}
    grown = received(server.predict(**INPAINT, mask_blur=0, mask_grow=3, return_mask=True).mask)
    assert (grown == 255).any(axis=1).sum() == white.any(axis=1).sum() + 6


def test_a_colour_is_reached_inside_the_mask_measured_and_changes_nothing_outside(server: Server) -> None:
    plain = server.predict(**INPAINT, adapter="skirt@1", return_mask=True)
    answer = server.predict(**INPAINT, adapter="skirt@1", return_mask=True, colour="#2850be")
    assert plain.metrics.pictures[0].colour_difference is None
    assert (answer.mask, answer.images != plain.images) == (plain.mask, True)
    before, after, alpha = np.asarray(noise()), received(answer.images[0]), received(answer.mask)
    assert np.array_equal(after[alpha == 0], before[alpha == 0])
    reached = answer.metrics.pictures[0].colour_difference
    assert reached is not None
    assert reached < 8  # the miniature's weights are random: what it paints is noise of all colours


def test_a_colour_is_said_to_the_model_where_the_prompt_names_none_and_not_to_a_style(server: Server) -> None:
    told, named, styled = (
        server.predict(**{**INPAINT, "prompt": prompt}, colour="#2850be", **more)
        for prompt, more in (("a skirt", {}), ("a blue skirt", {}), ("a skirt", {"adapter": "skirt@1"}))
    )
    assert told.images == named.images
    assert told.notes == ["colour: the prompt names none, so it was painted as 'a blue skirt'"]
    assert not [note for answer in (named, styled) for note in answer.notes if note.startswith("colour")]


def test_steps_and_guidance_default_to_the_base_models_own(server: Server) -> None:
    default = server.predict(**INPAINT)
    assert server.predict(**INPAINT, num_inference_steps=3, guidance_scale=2.0).images == default.images
    assert server.predict(**INPAINT, num_inference_steps=5).images != default.images
    assert server.predict(**INPAINT, guidance_scale=0).images != default.images


def test_segment_gives_a_hard_mask_of_the_pictures_size(server: Server) -> None:
    answer = server.predict(mode="segment", image=sent(noise()), mask_prompt="a skirt")
    mask = received(answer.images[0])
    assert mask.shape == (HEIGHT, WIDTH)
    assert set(np.unique(mask)) <= {0, 255}
    assert "segment" in answer.seconds


def test_style_repaints_what_segment_finds(server: Server) -> None:
    fields = {"image": sent(noise()), "search_prompt": "a skirt"}
    found = received(server.predict(mode="segment", **fields).images[0])
    answer = server.predict(mode="style", prompt="a red skirt", **fields, return_mask=True, mask_blur=0)
    assert np.array_equal(received(answer.mask), found)
    after = received(answer.images[0])
    assert np.array_equal(after[found == 0], np.asarray(noise())[found == 0])


def test_text_to_image_draws_at_the_models_resolution_or_what_is_asked(server: Server) -> None:
    assert received(server.predict(mode="text_to_image", prompt="a skirt").images[0]).shape[:2] == (RESOLUTION,) * 2
    answer = server.predict(mode="text_to_image", prompt="a skirt", width=72, height=64, num_outputs=2, seed=1)
    assert [received(image).shape[:2] for image in answer.images] == [(64, 72)] * 2


@pytest.mark.parametrize(("side", "at_once"), [(2 * RESOLUTION, 2), (3 * RESOLUTION, 1)])
def test_a_call_of_the_model_paints_as_many_pixels_as_fit_and_its_pictures_are_those_of_smaller_calls(
    server: Server, side: int, at_once: int
) -> None:
    rows: list[int] = []
    unet = server.modes["text_to_image"].dependencies.model.painter.pipeline.unet
    hook = unet.register_forward_pre_hook(lambda _, values: rows.append(len(values[0])))
    fields = {"mode": "text_to_image", "prompt": "a skirt", "width": side, "height": side, "guidance_scale": 1.0}
    together = server.predict(**fields, num_outputs=3, seed=4)
    hook.remove()
    assert max(rows) == at_once
    assert sum(rows) == 3 * 3
    alone = server.predict(**fields, seed=6)
    difference = received(alone.images[0]).astype(int) - received(together.images[2])
    assert np.abs(difference).max() <= 1


def test_an_upload_is_read_and_nothing_else_of_the_bucket(server: Server) -> None:
    uri = UPLOADS.child("a/photo.png")
    server.store.path(uri).parent.mkdir(parents=True)
    server.store.path(uri).write_bytes(encode(noise(), "png"))
    assert server.predict(**{**INPAINT, "image": str(uri)}).images == server.predict(**INPAINT).images
    for outside in ("s3://media/outputs/a/0.png", "s3://other/uploads/a.png", "s3://model/base/x/manifest.json"):
        answer = server.post(**{**INPAINT, "image": outside})
        assert answer.status_code == 400
        assert "below s3://media/uploads/" in answer.json()["error"]["allowed"]


def same_pixels(one: PredictionOutput, other: PredictionOutput) -> bool:
    return all(
        np.array_equal(received(each), own) for each, own in zip(one.images, map(received, other.images), strict=True)
    )


def test_an_adapter_changes_the_picture_by_its_scale(server: Server) -> None:
    base = server.predict(**INPAINT)
    styled = server.predict(**INPAINT, adapter="skirt@1")
    assert styled.adapter == "skirt@1"
    assert styled.images != base.images
    # Their files say which styles they were painted in.
    assert same_pixels(server.predict(**INPAINT, adapter="skirt@1", adapter_scale=0), base)
    assert server.predict(**INPAINT, adapter="skirt@1", adapter_scale=0.5).images not in (base.images, styled.images)
    assert server.predict(**INPAINT).images == base.images


def test_a_style_without_a_version_is_the_one_that_is_promoted(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("atelier_inference.styles.FRESH", 0.0)  # else it is looked up once a second
    latest = server.store.path(STYLES) / "skirt/latest.json"
    newest = server.predict(**INPAINT, adapter="skirt")
    assert newest.adapter == "skirt@2"
    latest.write_text('{"version": 1}')
    try:
        rolled_back = server.predict(**INPAINT, adapter="skirt")
    finally:
        latest.write_text('{"version": 2}')
    assert rolled_back.adapter == "skirt@1"
    assert rolled_back.images != newest.images


def test_two_styles_are_mixed_each_by_its_own_scale(server: Server) -> None:
    first, second = (server.predict(**INPAINT, adapter=f"skirt@{version}") for version in (1, 2))
    both = {**INPAINT, "adapter": "skirt@1", "second_adapter": "skirt@2"}
    mixed = server.predict(**both)
    assert mixed.images not in (first.images, second.images)
    assert (mixed.adapter, mixed.second_adapter) == ("skirt@1", "skirt@2")
    assert (first.second_adapter, mixed.notes) == ("", ["second_adapter: skirt@2"])
    assert same_pixels(server.predict(**both, second_adapter_scale=0), first)
    assert same_pixels(server.predict(**both, adapter_scale=0), second)
    for odd in ({"second_adapter": "skirt@1"}, {"adapter": "skirt@1", "second_adapter": "coat@9"}):
        refused = server.post(**INPAINT, **odd)
        assert refused.status_code == 400
        assert refused.json()["error"]["what"] == "input.second_adapter"


def test_requests_that_wait_together_are_answered_as_if_alone(server: Server) -> None:
    alone = [received(server.predict(**{**INPAINT, "seed": seed}).images[0]).astype(int) for seed in range(4)]
    together: dict[int, Any] = {}
    threads = [
        threading.Thread(target=lambda s=seed: together.update({s: server.predict(**{**INPAINT, "seed": s})}))
        for seed in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for seed in range(4):
        assert np.abs(received(together[seed].images[0]) - alone[seed]).max() <= 1


def test_image_to_image_keeps_the_pictures_size_and_the_less_of_it_the_greater_its_strength(server: Server) -> None:
    fields = {"mode": "image_to_image", "prompt": "a red skirt", "seed": 3, "num_inference_steps": 10}

    def painted(picture: Image.Image, strength: float) -> NDArray[np.int_]:
        answer = server.predict(**fields, image=sent(picture), strength=strength)
        return received(answer.images[0]).astype(int)

    one, other = smooth(72, 50), smooth(72, 50).rotate(180)
    assert painted(one, 0.5).shape == (50, 72, 3)
    slight, half, whole = (np.abs(painted(one, each) - painted(other, each)).mean() for each in (0.1, 0.5, 1.0))
    assert slight > half > whole == 0
    default = server.predict(**fields, image=sent(one))
    assert np.array_equal(received(default.images[0]), painted(one, 0.8))


def test_a_strength_that_leaves_no_step_is_refused_with_the_least_that_does(server: Server) -> None:
    fields = {"mode": "image_to_image", "prompt": "p", "image": sent(noise()), "num_inference_steps": 4}
    answer = server.post(**fields, strength=0.2)
    assert answer.status_code == 400
    assert answer.json()["error"]["what"] == "input.strength"
    assert "1/4" in answer.json()["error"]["allowed"]
    assert server.post(**fields, strength=0.25).status_code == 200


def cutout() -> Cutout:
    """A person cut out of a photo: clear on the left, opaque on the right, every opacity between."""
    alpha = np.tile(np.linspace(0, 255, WIDTH).astype(np.uint8), (HEIGHT, 1))
    return Cutout(colours=noise(), alpha=Image.fromarray(alpha))


def rgba() -> Image.Image:
    image = cutout().colours.copy()
    image.putalpha(cutout().alpha)
    return image


def test_an_upscalers_style_enlarges_otherwise_and_fits_nothing_that_paints(server: Server) -> None:
    enlarger = server.modes["upscale"].dependencies.enlarger
    assert enlarger is not None
    folder = server.store.path(STYLES) / "cloth/1"
    publish_lora(
        enlarger.upscaler.pipeline, folder, seed=5, style="cloth", task="upscale", base_model="tiny-upscaler@1"
    )
    asked: dict[str, Any] = {"mode": "upscale", "image": sent(smooth(40, 24)), "seed": 3}
    plain = server.predict(**asked)
    styled = server.predict(**asked, adapter="cloth@1")
    half = server.predict(**asked, adapter="cloth@1", adapter_scale=0.5)
    assert (styled.adapter, plain.adapter) == ("cloth@1", "")
    assert styled.notes == []
    shown = [received(answer.images[0]).astype(int) for answer in (plain, styled, half)]
    assert all(each.shape == (96, 160, 3) for each in shown)
    assert np.abs(shown[1] - shown[0]).max() > 3
    assert not np.array_equal(shown[1], shown[2])
    assert server.predict(**asked).images == plain.images
    for wrong in ({**asked, "adapter": "skirt@1"}, {**INPAINT, "adapter": "cloth@1"}):
        refused = server.post(**wrong)
        assert refused.status_code == 400
        assert refused.json()["error"]["what"] == "input.adapter"
        assert "a style trained on" in refused.json()["error"]["allowed"]


@pytest.mark.parametrize("file_format", ["png", "webp"])
@pytest.mark.parametrize("mode", ["inpaint", "image_to_image", "style", "upscale"])
def test_the_transparency_of_the_picture_comes_back(server: Server, mode: str, file_format: str) -> None:
    needs: dict[str, Any] = {
        "inpaint": {"prompt": "a skirt", "mask": sent(disc())},
        "image_to_image": {"prompt": "a skirt"},
        "style": {"prompt": "a skirt", "mask_prompt": "a skirt"},
        "upscale": {},
    }
    answer = server.predict(mode=mode, image=sent(rgba()), output_format=file_format, seed=7, **needs[mode])
    after = received(answer.images[0])
    size = (HEIGHT * 4, WIDTH * 4) if mode == "upscale" else (HEIGHT, WIDTH)
    assert after.shape == (*size, 4)
    expected = cutout().alpha.resize(size[::-1], Image.Resampling.BICUBIC)
    assert np.array_equal(after[..., 3], np.asarray(expected))
    assert [note for note in answer.notes if "lossy" not in note] == []


def test_not_one_byte_of_a_cutout_changes_outside_the_mask(server: Server) -> None:
    answer = server.predict(**{**INPAINT, "image": sent(rgba())}, return_mask=True)
    after, alpha = received(answer.images[0]), received(answer.mask)
    assert np.array_equal(after[alpha == 0], np.asarray(rgba())[alpha == 0])


def test_a_jpeg_of_a_cutout_says_that_it_has_no_transparency(server: Server) -> None:
    answer = server.predict(**{**INPAINT, "image": sent(rgba()), "output_format": "jpeg"})
    assert received(answer.images[0]).shape == (HEIGHT, WIDTH, 3)
    assert [note for note in answer.notes if "transparent in places" in note]


def test_by_the_transparent_convention_the_hole_is_repainted(server: Server) -> None:
    hole = noise()
    hole.putalpha(Image.fromarray(255 - np.asarray(disc())))
    white = server.predict(**INPAINT)
    transparent = server.predict(**{**INPAINT, "mask": sent(hole)}, mask_convention="transparent")
    assert transparent.images == white.images
    assert transparent.metrics == white.metrics
    assert white.metrics.mask_area == round(float((np.asarray(disc()) == 255).mean()), 4)
    for mask, convention in ((sent(hole), "white"), (sent(noise()), "white"), (sent(disc()), "transparent")):
        refused = server.post(**{**INPAINT, "mask": mask}, mask_convention=convention)
        assert refused.status_code == 400
        assert refused.json()["error"]["what"] == "input.mask"
        assert "mask_convention transparent" in refused.json()["error"]["allowed"]


def test_a_mask_whose_colours_are_swapped_is_remarked_on(server: Server) -> None:
    swapped = Image.fromarray(255 - np.asarray(disc()))
    answer = server.predict(**{**INPAINT, "mask": sent(swapped)})
    assert any("swap black and white" in note for note in answer.notes)


def test_a_soft_mask_is_the_alpha_that_is_used(server: Server) -> None:
    soft = disc().filter(ImageFilter.GaussianBlur(4))
    answer = server.predict(**{**INPAINT, "mask": sent(soft)}, return_mask=True)
    assert np.array_equal(received(answer.mask), np.asarray(soft))


def test_words_past_the_text_encoders_length_are_named_and_change_nothing(server: Server) -> None:
    words = {
        "prompt": "a person in a street, " * 3,
        "negative_prompt": "blurry " * 9,
        "mask_prompt": "a long skirt of red cloth " * 3,
    }
    fields = {"mode": "style", "image": sent(noise()), "seed": 7}
    short = server.predict(**fields, **words)
    longer = server.predict(**fields, **{name: f"{text} wearing sks skirt, red" for name, text in words.items()})
    assert longer.images == short.images
    assert {note.partition(":")[0] for note in longer.notes} == set(words)
    assert all(note.endswith("wearing sks skirt, red") for note in longer.notes)
    assert server.predict(**fields, prompt="a skirt", mask_prompt="a skirt").notes == []


def test_an_answer_says_how_sure_its_mask_is_and_how_large(server: Server) -> None:
    fields = {"image": sent(noise()), "mask_prompt": "a skirt"}
    for more in ({"mode": "segment"}, {"mode": "style", "prompt": "p"}):
        metrics = server.predict(**fields, **more).metrics
        assert 0 < (metrics.mask_area or 0) <= 1
        assert 0.4 <= (metrics.mask_score or 0) <= 1
    spoken = server.predict(**fields, mode="segment")
    korean = server.predict(mode="segment", image=fields["image"], mask_prompt="치마")
    assert korean.images == spoken.images
    assert korean.notes == ["mask_prompt: masked 'a skirt'"]


@pytest.mark.parametrize("upscale", [False, True])
def test_each_picture_is_measured_where_it_was_repainted(server: Server, upscale: bool) -> None:
    answer = server.predict(**INPAINT, num_outputs=2, upscale=upscale, return_mask=True)
    alpha = Image.fromarray(received(answer.mask))
    pictures = [Image.fromarray(received(image)) for image in answer.images]
    assert answer.metrics.pictures == [measure_appearance(picture, alpha) for picture in pictures]


@pytest.mark.parametrize(
    "fields",
    [
        {"mode": "segment", "mask_prompt": "a skirt"},
        {"mode": "upscale"},
        {"mode": "image_to_image", "prompt": "a skirt"},
    ],
)
def test_where_nothing_is_repainted_no_picture_is_measured(server: Server, fields: dict[str, Any]) -> None:
    assert server.predict(**fields, image=sent(noise())).metrics.pictures == []


def test_a_picture_of_one_single_colour_is_remarked_on(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    last = server.modes["inpaint"].dependencies.model.painter.pipeline.vae.decoder.conv_out
    with monkeypatch.context() as broken:
        broken.setattr(last, "forward", lambda values: torch.zeros_like(values[:, :3]))
        (note,) = server.predict(**INPAINT, num_outputs=2).notes
    assert note.startswith("2 of 2 pictures were painted in one single colour")
    assert server.predict(**INPAINT).notes == []


def test_fields_that_mean_nothing_in_the_mode_are_named(server: Server) -> None:
    answer = server.predict(
        mode="segment", image=sent(noise()), mask_prompt="a skirt", prompt="p", width=64, mask_blur=3
    )
    assert answer.notes == ["not used in mode segment: prompt, mask_blur, width"]


def test_a_damaged_profile_is_noted(server: Server) -> None:
    buffer = io.BytesIO()
    noise().save(buffer, "PNG", icc_profile=b"nonsense")
    image = base64.b64encode(buffer.getvalue()).decode()
    answer = server.predict(**{**INPAINT, "image": image})
    assert answer.notes == ["input.image: its colour profile cannot be used, so its colours were taken as sRGB"]
    assert answer.images == server.predict(**INPAINT).images


def test_a_large_webp_with_transparency_is_refused_and_a_small_one_is_not(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_out = noise()
    cut_out.putalpha(disc())
    request = {**INPAINT, "image": sent(cut_out), "output_format": "webp"}
    assert server.post(**request).status_code == 200
    monkeypatch.setattr("atelier_inference.mode.MOST_PIXELS_OF_CLEAR_WEBP", WIDTH * HEIGHT - 1)
    assert "allowed: png, or a picture of at most" in server.post(**request).text
    assert server.post(**{**request, "output_format": "png"}).status_code == 200
