"""What an evaluation measures and shows."""

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from markupsafe import escape
from PIL import Image

from atelier_training.data.examples import Example, ExampleFile
from atelier_training.engine.training_log import LoggedStep, average_loss
from atelier_training.evaluate import restyle
from atelier_training.evaluate.before import BeforePictures
from atelier_training.evaluate.leak import other_prompt
from atelier_training.evaluate.measure import changed_outside, measure
from atelier_training.evaluate.photos import Photo
from atelier_training.evaluate.plot import draw_loss, running_mean
from atelier_training.evaluate.real import RealGarment
from atelier_training.evaluate.report import Report
from atelier_training.evaluate.restyle import Models, Painted, Restyled
from atelier_training.evaluate.watched import WatchedTraining
from atelier_training.jobs.evaluate import write
from atelier_training.reports.page import Results, fitted
from contracts.artifact import VALIDATION_LOG, VALIDATION_STRIP, BaseManifest, StyleManifest
from contracts.metrics import EMBEDDED, ENLARGING, METRICS, MetricSpread
from contracts.sampling import SamplingDefaults
from imaging.embedding import Embedder
from imaging.masks import from_image, to_image
from imaging.palette import dominant_colours, garment_pixels, palette_share
from imaging.segmenter import Segmenter
from imaging.xmp import COMPOSITE
from tests.unit.miniatures import save_segmenter
from tests.unit.training_root import ORANGE, TEAL, garment

STYLE = StyleManifest(
    style="sks",
    execution="run-1",
    task="inpaint",
    method="lora",
    base_model="tiny@1",
    instance_prompt="a photo of <sks> skirt",
    class_prompt="",
    target="a skirt",
    hyperparameters={"learning_rate": 0.003},
    dataset_sha256="0" * 64,
    code_version="abc",
    created_at="2026-11-22T14:00:00+00:00",
)
BASE = BaseManifest(
    name="tiny", revision="1", family="sd1", task="inpaint", licence="Apache-2.0", source="here", resolution=32
)
NOTHING_KEPT = BeforePictures(Path("nowhere"), BASE)
ENTRIES = [LoggedStep(step=step, loss=1 / step, lr=1e-3, seconds=step / 10) for step in range(1, 41)]


def examples() -> list[Example]:
    return [Example(name=f"{i}.png", picture=garment(i)[0], mask=garment(i)[1], caption="words") for i in range(4)]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Drawn(ExampleFile):
    """An example that has no file."""

    example: Example

    @classmethod
    def of(cls, example: Example) -> "Drawn":
        return cls(name=example.name, caption=example.caption, picture=Path(example.name), mask=None, example=example)

    def read(self) -> Example:
        return self.example


def restyled(*, changed: int = 0, painted: tuple[int, int, int] = TEAL) -> Restyled:
    """A photo whose garment was painted in one colour; ``changed`` pixels outside the mask are black."""
    picture, mask = garment(6)
    after = np.asarray(picture).copy()
    after[mask] = painted
    after.reshape(-1, 3)[:changed] = 0
    alpha = to_image(mask)
    return Restyled(
        name="look.png",
        original=picture,
        mask=alpha,
        alpha=alpha,
        before=[picture.convert("L").convert("RGB")],
        after=[Image.fromarray(after)],
        other=[picture.convert("L").convert("RGB")],
        seeds=[1],
    )


def real() -> RealGarment:
    return RealGarment.of(examples())


def report(prompt: str = STYLE.instance_prompt, **gate: float) -> Report:
    shown = [restyled()]
    measured = measure(real(), shown, train_avg_loss=average_loss(ENTRIES), mask_scores=[0.8, 1.0])
    return Report(
        models=Models(base_folder=Path("base"), base=BASE, style_folder=Path("style"), style=STYLE),
        painted=Painted(
            examples=[Drawn.of(each) for each in examples()],
            restyled=shown,
            other="a photo of a red skirt",
            notes=["look-9.png is left out"],
        ),
        prompt=prompt,
        measured=measured,
        gate=gate,
        loss=draw_loss(ENTRIES),
        steps=len(ENTRIES),
        disclosure={"en": "AI made it.", "ko": "AI가 만들었습니다."},
    )


def test_a_garments_colours_are_found_without_its_ground() -> None:
    pixels = np.concatenate([garment_pixels(each.picture, each.mask) for each in examples()])
    colours = dominant_colours(pixels)
    assert len(colours) == 2
    for wanted in (TEAL, ORANGE):
        assert np.linalg.norm(colours - wanted, axis=1).min() < 5


def test_shades_of_one_colour_count_once_and_small_spots_not_at_all() -> None:
    blue = np.array([20, 40, 160]) + np.arange(-15, 16)[:, None].repeat(20, 0)
    spots = np.tile([[240, 240, 240]], (30, 1))
    (colour,) = dominant_colours(np.concatenate([blue, spots]).astype(np.uint8))
    assert np.linalg.norm(colour - (20, 40, 160)) < 10


def test_a_pixel_counts_within_eighty_of_a_colour() -> None:
    pixels = np.array([[0, 0, 0], [79, 0, 0], [81, 0, 0], [200, 200, 200]], dtype=np.uint8)
    assert palette_share(pixels, np.array([[0.0, 0, 0]])) == 0.5
    assert palette_share(pixels, np.array([[0.0, 0, 0], [200, 200, 200]])) == 0.75


def test_the_edge_of_a_mask_is_left_out_unless_it_is_all_edge() -> None:
    picture, mask = garment(0)
    assert len(garment_pixels(picture, mask)) == 18 * 18
    thin = np.zeros_like(mask)
    thin[10, 3:20] = True
    assert len(garment_pixels(picture, thin)) == 17


def test_metrics_compare_what_was_painted_with_the_real_garment() -> None:
    measured = measure(real(), [restyled()], train_avg_loss=0.03, mask_scores=[0.9]).metrics
    assert measured["palette_real"] == 1
    assert measured["palette_after"] == 1
    assert measured["garment_share"] == 1
    assert measured["palette_before"] == 0
    assert set(measured) == set(METRICS) - {*EMBEDDED, *ENLARGING}
    red = measure(real(), [restyled(painted=(200, 0, 0))], train_avg_loss=0.03, mask_scores=[0.9]).metrics
    assert red["palette_after"] == 0


class Unchanged:
    """Paints nothing; how many rows it was asked for."""

    def __init__(self) -> None:
        self.rows = 0

    def inpaint(self, *, pictures: Sequence[Image.Image], **_asked: object) -> list[Image.Image]:
        self.rows += len(pictures)
        return list(pictures)


@pytest.mark.parametrize(
    ("photos", "seeds", "said"), [(1, 2, "The first of 2 seeds is shown."), (7, 2, ""), (8, 1, "")]
)
def test_each_of_many_photos_is_painted_once_and_of_few_twice(
    photos: int, seeds: int, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    painters = [Unchanged(), Unchanged()]
    monkeypatch.setattr(restyle, "_painters", lambda _: iter(painters))
    models = Models(base_folder=Path("base"), base=BASE, style_folder=Path("style"), style=STYLE)
    picture, mask = garment(6)
    shown = [Photo(name=str(number), picture=picture, mask=to_image(mask)) for number in range(photos)]
    painted = restyle.restyle_photos(models, NOTHING_KEPT, shown, "a skirt")
    assert [len(each.after) for each in painted] == [seeds] * photos
    assert [len(each.before) for each in painted] == [1] * photos
    assert [each.rows for each in painters] == [photos, photos * seeds]
    page = dataclasses.replace(report(), painted=dataclasses.replace(report().painted, restyled=painted)).html()
    assert said in page
    assert ("seeds is shown" in page) == (seeds > 1)


def test_what_the_base_model_painted_of_a_photo_is_not_painted_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    models = Models(base_folder=Path("base"), base=BASE, style_folder=Path("style"), style=STYLE)
    (picture, mask), folder = garment(6), tmp_path / "before"
    look = Photo(name="look.png", picture=picture, mask=to_image(mask))
    touched, shown = picture.copy(), list[list[bytes]]()
    touched.putpixel((0, 0), (1, 2, 3))

    def rows(base: BaseManifest, *photos: Photo, prompt: str = "a skirt") -> int:
        """How many the base model painted, with what an evaluation before left; which leaves what it used."""
        painters, kept = [Unchanged(), Unchanged()], BeforePictures(folder, base)
        monkeypatch.setattr(restyle, "_painters", lambda _: iter(painters))
        shown.append([each.before[0].tobytes() for each in restyle.restyle_photos(models, kept, photos, prompt)])
        kept.write(folder, report().told())
        return painters[0].rows

    assert rows(BASE, look) == 1
    assert rows(BASE, replace(look, name="renamed.png")) == 0
    assert shown[0] == shown[1], "the same bytes"
    assert rows(BASE, look, replace(look, picture=touched)) == 1, "another photo"
    assert rows(BASE, replace(look, mask=Image.new("L", picture.size, 255))) == 1, "another mask"
    assert rows(BASE, look, prompt="a blue skirt") == 1
    assert rows(BASE.model_copy(update={"files": {"unet/a.safetensors": "1" * 64}}), look) == 1, "other weights"
    assert rows(BASE.model_copy(update={"resolution": 64}), look) == 1
    assert rows(BASE.model_copy(update={"defaults": SamplingDefaults(num_inference_steps=3)}), look) == 1
    with Image.open(next(folder.iterdir())) as left:
        assert COMPOSITE in str(left.info), "each says what it is"


def test_some_photos_are_also_painted_from_other_words_at_the_end_of_the_same_pass(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    painters = [Unchanged(), Unchanged()]
    monkeypatch.setattr(restyle, "_painters", lambda _: iter(painters))
    models = Models(base_folder=Path("base"), base=BASE, style_folder=Path("style"), style=STYLE)
    picture, mask = garment(6)
    shown = [Photo(name=str(number), picture=picture, mask=to_image(mask)) for number in range(4)]
    painted = restyle.restyle_photos(models, NOTHING_KEPT, shown, "a skirt", "a red skirt")
    assert [len(each.other) for each in painted] == [1] * 4
    assert sum(each.rows for each in painters) == 4 * 4  # as many as two seeds of both models
    many = [*shown, *shown, *shown]
    monkeypatch.setattr(restyle, "_painters", lambda _: iter([Unchanged(), Unchanged()]))
    assert [
        len(each.other) for each in restyle.restyle_photos(models, NOTHING_KEPT, many, "a skirt", "a red skirt")
    ] == [1] * 4 + [0] * 8


def test_other_words_name_the_colour_that_is_farthest_from_the_garments() -> None:
    teal_and_orange = np.array([TEAL, ORANGE], dtype=np.float64)
    assert other_prompt("a skirt", teal_and_orange) == "a photo of a purple skirt"
    assert other_prompt("치마", teal_and_orange) == "a photo of a purple skirt"
    assert other_prompt("a red and white skirt", teal_and_orange) == "a photo of a purple skirt"
    assert other_prompt("a skirt and shoes", teal_and_orange) == "a photo of a purple skirt and purple shoes"
    assert other_prompt("red", teal_and_orange) == "a photo of purple clothes"


def test_what_leaks_is_counted_as_the_garments_share_is() -> None:
    kept = replace(restyled(), other=restyled().after)
    assert measure(real(), [restyled()]).metrics["leak"] == 0
    assert measure(real(), [kept]).metrics["leak"] == measure(real(), [kept]).metrics["garment_share"] == 1
    assert "leak" not in measure(real(), [replace(restyled(), other=[])]).metrics


def test_each_metric_says_of_how_many_pictures_it_is_by_which_seeds_and_how_far_apart_they_are() -> None:
    photo = replace(restyled(), seeds=[1, 2], after=[*restyled().after, *restyled(painted=(200, 0, 0)).after])
    found = measure(real(), [photo], mask_scores=[0.8, 1.0])
    assert found.spread["palette_after"] == MetricSpread(deviation=0.5, n=2, seeds=(1, 2))
    assert found.spread["palette_before"] == MetricSpread(deviation=0, n=1, seeds=(1,))
    assert found.spread["palette_real"] == MetricSpread(deviation=0, n=4)
    assert found.spread["mask_score"] == MetricSpread(deviation=0.1, n=2)
    assert set(found.metrics) == set(found.spread)


def test_a_clip_compares_paintings_with_the_real_garment_and_with_words(tmp_path: Path) -> None:
    save_segmenter(tmp_path)
    embedder = Embedder(Segmenter.load(tmp_path))
    garment_ = RealGarment.of(examples(), embedder)
    picture, mask = garment(2)
    same = replace(restyled(), after=[picture], mask=to_image(mask))
    found = measure(garment_, [same], embedder=embedder, prompt="a photo of a skirt").metrics
    assert set(EMBEDDED) <= set(found)
    assert garment_.embeddings is not None
    assert found["likeness"] == pytest.approx(float((garment_.embeddings @ garment_.embeddings[2]).mean()), abs=1e-5)
    assert found["likeness"] > found["likeness_before"]
    assert found["likeness_real"] <= 1


def test_bytes_changed_outside_the_alpha_are_counted() -> None:
    assert changed_outside(restyled(painted=(1, 2, 3))) == 0
    assert changed_outside(restyled(changed=5)) == 15


def test_a_text_to_image_style_has_no_mask_metrics() -> None:
    white = Image.new("L", (48, 64), 255)
    free = Restyled(**{**restyled().__dict__, "original": None, "mask": white, "alpha": white})
    metrics = measure(real(), [free], train_avg_loss=0.03).metrics
    assert set(METRICS) - set(metrics) == {"mask_score", "pixels_changed_outside", *EMBEDDED, *ENLARGING}
    assert from_image(white).all()


def test_the_average_loss_is_that_of_the_last_tenth() -> None:
    assert average_loss(ENTRIES) == pytest.approx(sum(1 / step for step in range(37, 41)) / 4)
    assert average_loss(ENTRIES[:3]) == pytest.approx(1 / 3)


def test_the_running_mean_starts_with_what_there_is() -> None:
    assert running_mean(np.array([2.0, 4.0, 6.0, 8.0]), 2).tolist() == [2, 3, 5, 7]


def test_the_loss_curve_falls_from_left_to_right() -> None:
    image = np.asarray(draw_loss(ENTRIES)).astype(int)
    blue = (image[..., 2] - image[..., 0] > 80).nonzero()
    left, right = blue[0][blue[1] < 300].mean(), blue[0][blue[1] > 700].mean()
    assert left < right  # rows grow downwards
    draw_loss(ENTRIES[:1])


@pytest.mark.parametrize(
    ("size", "expected"), [((64, 32), (224, 112)), ((400, 300), (400, 300)), ((3000, 4000), (480, 640))]
)
def test_embedded_pictures_are_neither_tiny_nor_huge(size: tuple[int, int], expected: tuple[int, int]) -> None:
    assert fitted(Image.new("RGB", size)).size == expected


class Page(HTMLParser):
    """What a page refers to, and the words for those who cannot see it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.without_alt = 0
        self.tags: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append(tag)
        self.addresses += [value for name, value in attrs if name in ("src", "href") and value]
        self.without_alt += tag == "img" and not given.get("alt")


def test_the_report_needs_no_other_file_and_describes_every_picture() -> None:
    page = Page(report().html())
    assert len(page.addresses) == 5 + 4 + 1
    assert all(address.startswith("data:image/jpeg;base64,") for address in page.addresses)
    assert page.without_alt == 0
    assert "script" not in page.tags


def test_the_report_tells_whoever_sees_its_pictures_what_they_are() -> None:
    text = report().html()
    assert '<p class="lead" lang="en">AI made it.</p>' in text
    assert '<p class="lead" lang="ko">AI가 만들었습니다.</p>' in text


def test_files_of_painted_pictures_say_what_they_are_and_photos_nothing(tmp_path: Path) -> None:
    write(report(), tmp_path)
    said = {}
    for path in (tmp_path / "sheet.png", *(tmp_path / "pictures").iterdir()):
        with Image.open(path) as picture:
            picture.load()
            said[path.name] = str(picture.getxmp())
    painted = {name for name, xmp in said.items() if "AI가 만들었습니다." in xmp and COMPOSITE in xmp}
    assert painted == {"sheet.png", "look_before.png", "look_after.png", "look_other.png"}
    assert {name for name, xmp in said.items() if xmp == "{}"} == {"look_original.png", "look_mask.png"}


def test_the_report_says_what_the_run_was_expected_to_take() -> None:
    assert "about 32 minutes; about $0.62" in replace(report(), expected="about 32 minutes; about $0.62").html()
    assert "expected before it started" not in report().html()


def test_the_report_shows_what_looks_saw_while_the_style_was_learnt(tmp_path: Path) -> None:
    assert "What looks saw" not in report().html()
    seen = [{"step": 20, "loss": 0.5, "garment_share": None, "best": False}]
    seen.append({"step": 40, "loss": 0.25, "garment_share": 0.875, "best": True})
    (tmp_path / VALIDATION_LOG).write_text("".join(json.dumps(each) + "\n" for each in seen))
    Image.new("RGB", (300, 200)).save(tmp_path / VALIDATION_STRIP)
    text = replace(report(), watched=WatchedTraining.read(tmp_path)).html()
    assert '<th scope="row">40</th><td class="number">0.25</td><td class="number">0.875</td><td>the best</td>' in text
    page = Page(text)
    assert len(page.addresses) == 5 + 4 + 1 + 1
    assert page.without_alt == 0


def test_the_report_escapes_what_people_wrote() -> None:
    evil = '<script>alert(1)</script> & "quotes"'
    named = dataclasses.replace(restyled(), name=evil)
    painted = dataclasses.replace(report().painted, notes=[evil], restyled=[named])
    shown = dataclasses.replace(report(), prompt=evil, painted=painted)
    text = shown.html()
    assert "&lt;sks&gt;" in text
    assert "<sks>" not in text
    assert text.count("&lt;script&gt;") >= 4
    assert "script" not in Page(text).tags
    assert Page(text).without_alt == 0


def test_the_report_says_every_metric_its_meaning_and_whether_the_gate_is_met() -> None:
    text = report(garment_share=0.5, palette_before=0.1).html()
    assert "Gate met" in text
    measured = report().measured
    assert all(name in text and str(escape(METRICS[name].meaning)) in text for name in measured.metrics)
    assert set(measured.metrics) == set(METRICS) - {*EMBEDDED, *ENLARGING}
    assert "1, seed 1" in text
    assert "look-9.png is left out" in text
    failed = report(garment_share=5)
    assert Results(metrics=failed.measured.metrics, gate=failed.gate, known=METRICS).failures == ["garment_share"]
    assert "Gate not met: garment_share" in failed.html()
    assert "Gate" not in Page(report().html()).tags
    assert "Gate met" not in report().html()
