"""Every family paints what plain diffusers paints with the same arguments, and a row does not depend on its neighbours."""

from collections.abc import Callable, Sequence
from operator import attrgetter
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import pytest
import torch
from PIL import Image

from contracts.artifact import BaseManifest
from contracts.errors import InvalidInputError
from contracts.families import FAMILIES
from contracts.sampling import GUIDANCE, STEPS, Sampling, SamplingDefaults
from diffusion.family import Family, RefusedContentError, find_family
from diffusion.painter import Painter
from diffusion.upscaler import Upscaler
from tests.unit.miniatures import RESOLUTION, save_miniature, save_segmenter

torch.set_num_threads(1)
PAINTERS = [("sd1", "epsilon"), ("sd2", "v_prediction"), ("sdxl", "epsilon")]
TASKS = ("inpaint", "text-to-image")
SIZE = (RESOLUTION, RESOLUTION)
SAMPLED: dict[str, Any] = {"sampling": Sampling(steps=4, guidance=2.0)}
PLAIN: dict[str, Any] = {"num_inference_steps": 4, "guidance_scale": 2.0}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Path]:
    """Every painting family as an inpainting and as a text-to-image model."""
    root = tmp_path_factory.mktemp("families")
    made = {(family, task): root / family / task for family, _ in PAINTERS for task in TASKS}
    for (family, task), folder in made.items():
        save_miniature(folder, family, task=task, prediction=dict(PAINTERS)[family])
    return made


@pytest.fixture(params=[(family, task) for family, _ in PAINTERS for task in TASKS], ids=lambda each: "-".join(each))
def case(request: pytest.FixtureRequest) -> tuple[str, str]:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def folder(folders: dict[tuple[str, str], Path], case: tuple[str, str]) -> Path:
    return folders[case]


@pytest.fixture
def painter(case: tuple[str, str], folder: Path) -> Painter:
    return load(case[0], folder)


def load(family: str, folder: Path) -> Painter:
    return find_family(family, Painter).load(folder, device="cpu", dtype=torch.float32, checker=False)


def photo(seed: int = 1) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 255, (*SIZE, 3), dtype=np.uint8))


def half(side: int = RESOLUTION) -> Image.Image:
    mask = Image.new("L", (side, side))
    mask.paste(255, (side // 2, 0, side, side))
    return mask


def plain(folder: Path, kind: str, **arguments: Any) -> Image.Image:
    """What diffusers' own class paints, loaded by its own means."""
    pipeline = getattr(diffusers, kind).from_pretrained(folder)
    pipeline.set_progress_bar_config(disable=True)
    image: Image.Image = pipeline(generator=[torch.Generator().manual_seed(7)], **PLAIN, **arguments).images[0]
    return image


def apart(one: Image.Image, other: Image.Image) -> int:
    """The largest difference of two pictures, in levels."""
    return int(np.abs(np.asarray(one).astype(int) - np.asarray(other)).max())


def rows_apart(painter: Painter, paint: Any, **each: Sequence[Any]) -> None:
    """Paint rows together and alone, and compare."""
    together = paint(prompts=["a", "b"], seeds=[7, 8], negative_prompts=["", "n"], **each, **SAMPLED)
    assert apart(*together) > 20
    for row in (0, 1):
        own = {name: [values[row]] for name, values in each.items() if name in ("pictures", "masks")}
        rest = {name: value for name, value in each.items() if name not in own}
        (alone,) = paint(
            prompts=["ab"[row]], seeds=[7 + row], negative_prompts=[["", "n"][row]], **own, **rest, **SAMPLED
        )
        assert apart(alone, together[row]) <= 1


def test_words_alone_paint_as_the_plain_pipeline_does(painter: Painter, folder: Path) -> None:
    (ours,) = painter.paint(prompts=["a skirt"], seeds=[7], size=(32, 40), **SAMPLED)
    assert ours.size == (32, 40)
    if painter.inpaints:
        pictures = {"image": Image.new("RGB", (32, 40), "gray"), "mask_image": Image.new("L", (32, 40), 255)}
        theirs = plain(folder, painter.inpainting, prompt=["a skirt"], **pictures, width=32, height=40, strength=1.0)
    else:
        theirs = plain(folder, painter.text_to_image, prompt=["a skirt"], width=32, height=40)
    assert apart(ours, theirs) == 0


def test_a_mask_is_painted_as_the_plain_pipeline_does(painter: Painter, folder: Path) -> None:
    (ours,) = painter.inpaint(prompts=["a skirt"], seeds=[7], pictures=[photo()], masks=[half()], **SAMPLED)
    pictures = {"image": photo(), "mask_image": half(), "strength": 1.0}
    theirs = plain(folder, painter.inpainting, prompt=["a skirt"], width=SIZE[0], height=SIZE[1], **pictures)
    assert apart(ours, theirs) == 0


def test_a_picture_is_painted_from_as_the_plain_pipeline_does(painter: Painter, folder: Path) -> None:
    (ours,) = painter.paint_from(prompts=["a skirt"], seeds=[7], pictures=[photo()], strength=0.5, **SAMPLED)
    if painter.inpaints:
        pictures = {"image": photo(), "mask_image": Image.new("L", SIZE, 255)}
        theirs = plain(folder, painter.inpainting, prompt=["a skirt"], **pictures, strength=0.5, width=32, height=32)
    else:
        theirs = plain(folder, painter.image_to_image, prompt=["a skirt"], image=photo(), strength=0.5)
    assert apart(ours, theirs) == 0
    (stronger,) = painter.paint_from(prompts=["a skirt"], seeds=[7], pictures=[photo()], strength=1.0, **SAMPLED)
    assert apart(ours, stronger) > 20


def test_a_row_does_not_depend_on_its_neighbours(painter: Painter) -> None:
    pictures = [photo(1), photo(2)]
    rows_apart(painter, painter.paint, size=SIZE)
    rows_apart(painter, painter.inpaint, pictures=pictures, masks=[half(), Image.new("L", SIZE, 255)])
    rows_apart(painter, painter.paint_from, pictures=pictures, strength=0.8)  # type: ignore[arg-type]


def test_every_way_of_painting_has_the_same_weights(painter: Painter) -> None:
    painter.inpaint(prompts=["a"], seeds=[1], pictures=[photo()], masks=[half()], **SAMPLED)
    painter.paint_from(prompts=["a"], seeds=[1], pictures=[photo()], strength=1.0, **SAMPLED)
    assert {id(pipeline.unet) for pipeline in painter._pipelines.values()} == {id(painter.pipeline.unet)}


def test_a_strength_that_leaves_no_step_is_refused(painter: Painter) -> None:
    with pytest.raises(InvalidInputError, match=r"strength: got 0\.2; allowed: at least 1/4"):
        painter.paint_from(prompts=["a"], seeds=[1], pictures=[photo()], strength=0.2, **SAMPLED)


@pytest.fixture(scope="module")
def upscaler(tmp_path_factory: pytest.TempPathFactory) -> Upscaler:
    folder = tmp_path_factory.mktemp("upscaler")
    save_miniature(folder, "upscaler", task="upscale")
    return find_family("upscaler", Upscaler).load(folder, device="cpu", dtype=torch.float32, checker=True)


def test_a_batch_is_enlarged_four_times_row_by_row(upscaler: Upscaler) -> None:
    assert upscaler.most_noise == 350
    small = [photo(1), photo(2)]
    large = upscaler.enlarge(pictures=small, prompts=["a", "b"], seeds=[1, 2], noise_level=20, **SAMPLED)
    assert [each.size for each in large] == [(128, 128)] * 2
    (alone,) = upscaler.enlarge(pictures=small[1:], prompts=["b"], seeds=[2], noise_level=20, **SAMPLED)
    assert apart(alone, large[1]) <= 1
    (noisier,) = upscaler.enlarge(pictures=small[1:], prompts=["b"], seeds=[2], noise_level=300, **SAMPLED)
    assert apart(alone, noisier) > 5


def test_an_upscaler_does_not_paint_and_a_painter_does_not_enlarge() -> None:
    with pytest.raises(InvalidInputError, match="family: got 'upscaler'; allowed: one that paints pictures"):
        find_family("upscaler", Painter)
    with pytest.raises(InvalidInputError, match="family: got 'sd1'; allowed: one that enlarges pictures"):
        find_family("sd1", Upscaler)
    with pytest.raises(InvalidInputError, match=r"family: got 'clipseg'; allowed: sd1 \| sd2 \| sdxl \| upscaler"):
        find_family("clipseg", Painter)


@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_of_the_table_makes_a_picture_with_its_miniature(name: str, tmp_path: Path) -> None:
    kind = find_family(name, Family)
    save_miniature(tmp_path, name, task="text-to-image" if issubclass(kind, Painter) else "upscale")
    family = kind.load(tmp_path, device="cpu", dtype=torch.float32, checker=False)
    if isinstance(family, Painter):
        (made,) = family.paint(prompts=["a skirt"], seeds=[7], size=(32, 40), **SAMPLED)
        assert made.size == (32, 40)
    else:
        assert isinstance(family, Upscaler)
        (made,) = family.enlarge(prompts=["a skirt"], seeds=[7], pictures=[photo()], **SAMPLED)
        assert made.size == (4 * RESOLUTION, 4 * RESOLUTION)


def test_a_folder_of_another_family_is_refused(folders: dict[tuple[str, str], Path], tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="'StableDiffusionXLPipeline'; allowed: StableDiffusionInpaintPipeline"):
        load("sd1", folders["sdxl", "text-to-image"])
    save_segmenter(tmp_path)
    with pytest.raises(InvalidInputError, match=r"no model_index\.json"):
        load("sd1", tmp_path)


def test_a_picture_that_the_safety_checker_blanked_is_refused_in_every_way_of_painting(
    folders: dict[tuple[str, str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("StableDiffusionPipeline", "StableDiffusionImg2ImgPipeline", "StableDiffusionInpaintPipeline"):
        monkeypatch.setattr(getattr(diffusers, name), "run_safety_checker", lambda _, image, *__: (image, [True]))
    row: dict[str, Any] = {"prompts": ["a"], "seeds": [1], **SAMPLED}
    drawing = load("sd1", folders["sd1", "text-to-image"])
    repainting = load("sd1", folders["sd1", "inpaint"])
    ways: tuple[Callable[[], Any], ...] = (
        lambda: drawing.paint(size=SIZE, **row),
        lambda: drawing.paint_from(pictures=[photo()], strength=0.5, **row),
        lambda: repainting.inpaint(pictures=[photo()], masks=[Image.new("L", photo().size, 255)], **row),
    )
    for paint in ways:
        with pytest.raises(RefusedContentError, match="another prompt"):
            paint()


def test_a_picture_of_somebody_else_is_looked_at_by_the_checker_where_there_is_one(
    folders: dict[tuple[str, str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[Any] = []

    def look(_: Any, image: Any, *__: Any) -> tuple[Any, list[bool]]:
        looked.append(image)
        return image, [bool(image.mean() > 0.5)]

    monkeypatch.setattr(diffusers.StableDiffusionPipeline, "run_safety_checker", look)
    model = load("sd1", folders["sd1", "text-to-image"])
    model.require_safe(Image.new("RGB", SIZE, "white"))
    assert looked == []
    monkeypatch.setattr(model.pipeline, "safety_checker", object())
    model.require_safe(Image.new("RGB", SIZE, "black"))
    assert looked[0].shape == (1, *SIZE[::-1], 3)
    with pytest.raises(RefusedContentError, match="another picture"):
        model.require_safe(Image.new("RGB", SIZE, "white"))
    load("sdxl", folders["sdxl", "text-to-image"]).require_safe(Image.new("RGB", SIZE, "white"))


def test_a_manifest_without_defaults_samples_as_the_pipelines_do() -> None:
    values: dict[str, Any] = {
        "name": "n",
        "revision": "1",
        "family": "sd1",
        "task": "inpaint",
        "licence": "",
        "source": "",
    }
    manifest = BaseManifest(**values, resolution=64, defaults=SamplingDefaults(num_inference_steps=3, guidance_scale=2))
    assert Sampling.of(manifest.defaults) == Sampling(steps=3, guidance=2.0)
    assert Sampling.of(BaseManifest(**values, resolution=64).defaults) == Sampling(steps=STEPS, guidance=GUIDANCE)


@pytest.mark.parametrize(
    ("part", "value"),
    [("unet.conv_out", float("nan")), ("unet.conv_out", float("inf")), ("vae.decoder.conv_out", float("nan"))],
)
def test_weights_that_make_no_numbers_are_named_instead_of_painting_black(
    folders: dict[tuple[str, str], Path], part: str, value: float
) -> None:
    painter = load("sd1", folders["sd1", "inpaint"])
    with torch.no_grad():
        attrgetter(part)(painter.pipeline).bias.fill_(value)
    with pytest.raises(InvalidInputError, match="what was painted: got 'NaN or infinity'"):
        painter.inpaint(prompts=["a"], seeds=[1], pictures=[photo()], masks=[half()], **SAMPLED)
