"""The segment step: whose mask wins, what is left out, and when it gives up."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from atelier_training import base_files
from atelier_training.arguments import parser
from atelier_training.data.examples import load_class_examples, load_examples, opened
from atelier_training.data.garments import mask_pictures
from atelier_training.data.masking import Masking
from atelier_training.data.pictures import DatasetFolder, read_mask
from atelier_training.engine.interruption import Interruption
from atelier_training.evaluate.photos import held_out_photos
from atelier_training.jobs import segment
from atelier_training.paths import MlPaths
from contracts.dataset_texts import read_caption_lines
from contracts.errors import InvalidInputError
from contracts.prompts import LONGEST_PROMPT
from imaging import captioning
from imaging.captioner import Captioner
from imaging.masks import to_image
from imaging.pictures import UnreadablePictureError
from imaging.segmenter import GarmentMask, GarmentNotFoundError, Segmenter
from tests.unit.miniatures import CAPTIONER_WORDS, save_captioner
from tests.unit.training_root import PROMPT, garment, write_dataset

WHOLE = ["segment", "--task=text-to-image"]


class FakeSegmenter(Segmenter):
    """Finds the drawn garment by its place, except in pictures whose ground is one of ``blind`` grey levels."""

    def __init__(self, *blind: int) -> None:
        self.blind = {110 + 10 * index for index in blind}
        self.asked: list[tuple[str, int | None]] = []

    def mask(self, picture: Image.Image, target: str, *, grow: int | None = None) -> GarmentMask:
        level = int(np.asarray(picture)[0, 0, 0])
        self.asked.append((target, grow))
        if level in self.blind:
            raise GarmentNotFoundError(target, score=0.2, threshold=0.5)
        mask = garment((level - 110) // 10)[1]
        return GarmentMask(mask=to_image(mask), score=0.8, area=float(mask.mean()))


def segmented(tmp_path: Path, segmenter: Segmenter, count: int = 6) -> Masking:
    write_dataset(tmp_path / "dataset", count)
    dataset = DatasetFolder.read(tmp_path / "dataset")
    notes = dataset.check()
    masking = mask_pictures(dataset, "a skirt", segmenter, Interruption(), notes=notes, output=tmp_path)
    masking.write(tmp_path)
    return masking


def test_every_picture_gets_a_tight_mask_of_its_own_size(tmp_path: Path) -> None:
    segmenter = FakeSegmenter()
    masking = segmented(tmp_path, segmenter)
    assert masking == Masking.read(tmp_path)
    assert masking.mask_score == 0.8
    for index, each in enumerate(masking.pictures):
        expected = garment(index)[1]
        assert np.array_equal(read_mask(tmp_path / each.mask, (48, 64), name=each.mask), expected)
        assert each.area == pytest.approx(expected.mean(), abs=1e-6)
        assert each.source == "clipseg"
    assert set(segmenter.asked) == {("a skirt", 0)}


def test_a_persons_mask_wins_and_is_not_asked_for(tmp_path: Path) -> None:
    write_dataset(tmp_path / "dataset")
    drawn = np.zeros((64, 48), dtype=np.bool_)
    drawn[:10, :10] = True
    to_image(drawn).save(tmp_path / "dataset/masks/skirt-1.png")
    segmenter = FakeSegmenter()
    masking = segmented(tmp_path, segmenter, 4)
    assert [each.source for each in masking.pictures] == ["clipseg", "user", "clipseg", "clipseg"]
    assert np.array_equal(read_mask(tmp_path / "masks/skirt-1.png", (48, 64), name=""), drawn)
    assert len(segmenter.asked) == 3
    assert masking.mask_score == pytest.approx((3 * 0.8 + 1) / 4)


def test_a_picture_without_the_garment_is_left_out_and_named(tmp_path: Path) -> None:
    masking = segmented(tmp_path, FakeSegmenter(2))
    assert [each.name for each in masking.pictures] == [f"skirt-{index}.png" for index in (0, 1, 3, 4, 5)]
    (warning,) = masking.warnings
    assert warning.startswith("skirt-2.png is left out")


def test_what_was_noticed_of_the_pictures_reaches_the_report(tmp_path: Path) -> None:
    write_dataset(tmp_path / "dataset")
    to_image(~garment(1)[1]).save(tmp_path / "dataset/masks/skirt-1.png")
    masking = segmented(tmp_path, FakeSegmenter(), 4)
    assert Masking.read(tmp_path).warnings == masking.warnings
    (warning,) = masking.warnings
    assert warning.startswith("mask masks/skirt-1.png: ")


@pytest.mark.parametrize(("count", "blind"), [(5, (0, 1)), (9, (0, 1, 2, 3, 4)), (4, (3,))])
def test_too_few_pictures_with_the_garment_end_the_step_naming_the_others(
    tmp_path: Path, count: int, blind: tuple[int, ...]
) -> None:
    with pytest.raises(GarmentNotFoundError, match="'a skirt'") as caught:
        segmented(tmp_path, FakeSegmenter(*blind), count)
    assert all(f"skirt-{index}.png" in str(caught.value) for index in blind)
    assert not (tmp_path / "segment.json").exists()


def test_photos_without_the_garment_are_found_out_by_the_segment_step(tmp_path: Path) -> None:
    """The evaluation needs them, and it comes after a training that is paid for."""
    write_dataset(tmp_path)
    (tmp_path / "evaluation").mkdir()
    for index in (0, 1):
        garment(index)[0].save(tmp_path / f"evaluation/look-{index}.png")
    dataset = DatasetFolder.read(tmp_path)
    (photo,), (note,) = held_out_photos(dataset, FakeSegmenter(0), "a skirt")
    assert photo.name == "look-1.png"
    assert note.startswith("look-0.png is left out")
    with pytest.raises(GarmentNotFoundError, match=r"evaluation/look-0\.png, evaluation/look-1\.png"):
        held_out_photos(dataset, FakeSegmenter(0, 1), "a skirt")


def test_segment_refuses_bad_photos_before_it_masks_anything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = MlPaths(root=tmp_path)
    write_dataset(paths.processing_input("dataset"))
    photos = paths.processing_input("dataset") / "evaluation"
    photos.mkdir()
    garment(0)[0].save(photos / "look.png")
    arguments = parser().parse_args(["segment", "--task=inpaint", "--target=a skirt"])
    monkeypatch.setattr(base_files, "load_segmenter", lambda *_: FakeSegmenter(0))
    with pytest.raises(GarmentNotFoundError, match="look"):
        segment.run(arguments, paths, Interruption())
    (photos / "look.png").write_bytes((photos / "look.png").read_bytes()[:90])
    with pytest.raises(UnreadablePictureError, match=r"evaluation/look\.png"):
        segment.run(arguments, paths, Interruption())
    assert not (paths.processing_output("segment") / "segment.json").exists()


@pytest.mark.parametrize("name", ["skirt-2.png", "evaluation/look.png", "masks/skirt-2.png"])
def test_a_cut_picture_ends_a_style_that_paints_whole_pictures_before_it_is_trained(tmp_path: Path, name: str) -> None:
    paths = MlPaths(root=tmp_path)
    dataset = paths.processing_input("dataset")
    write_dataset(dataset, with_masks=True)
    (dataset / "evaluation").mkdir()
    garment(0)[0].save(dataset / "evaluation/look.png")
    body = (dataset / name).read_bytes()
    (dataset / name).write_bytes(body[: len(body) // 2])
    with pytest.raises(UnreadablePictureError, match=name):
        segment.run(parser().parse_args(WHOLE), paths, Interruption())
    assert not (paths.processing_output("segment") / "segment.json").exists()


def test_whole_pictures_need_neither_segmenter_nor_target_and_get_no_masks(tmp_path: Path) -> None:
    paths = MlPaths(root=tmp_path)
    dataset = paths.processing_input("dataset")
    write_dataset(dataset)
    transparent = garment(0)[0]
    transparent.putalpha(Image.new("L", transparent.size, 128))
    transparent.save(dataset / "skirt-3.png")
    segment.run(parser().parse_args(WHOLE), paths, Interruption())
    output = paths.processing_output("segment")
    assert {path.name for path in output.iterdir()} == {"segment.json", "advice.json"}
    assert Masking.read(output) == Masking(warnings=("transparent parts count as white in skirt-3.png",))
    assert paths.message.read_text().startswith("transparent parts count as white in skirt-3.png\n")
    examples = load_examples(DatasetFolder.read(dataset), output, PROMPT)
    assert [bool(example.mask.all()) for example in opened(examples)] == [True] * 4


def test_pictures_without_a_caption_get_one_where_it_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = MlPaths(root=tmp_path)
    dataset = paths.processing_input("dataset")
    write_dataset(dataset)
    (dataset / "skirt-1.txt").write_text("sks skirt on a chair")
    monkeypatch.setattr(base_files, "load_segmenter", lambda *_: FakeSegmenter())
    monkeypatch.setattr(captioning, "worn_with", lambda *_: ["a white shirt"])
    for words in (WHOLE, ["segment", "--task=inpaint", "--target=a skirt"]):
        segment.run(parser().parse_args([*words, f"--caption-prompt={PROMPT}"]), paths, Interruption())
        examples = load_examples(DatasetFolder.read(dataset), paths.processing_output("segment"), "not asked")
        made = f"{PROMPT} with a white shirt"
        assert [each.caption for each in examples] == [made, "sks skirt on a chair", made, made]
        segment_again(words, paths)


def segment_again(words: list[str], paths: MlPaths) -> None:
    """Without captions the same pictures are learnt by the instance prompt."""
    (paths.processing_output("segment") / "captions.jsonl").unlink()
    segment.run(parser().parse_args(words), paths, Interruption())
    assert not (paths.processing_output("segment") / "captions.jsonl").exists()


def test_to_mask_there_must_be_words_for_what(tmp_path: Path) -> None:
    paths = MlPaths(root=tmp_path)
    write_dataset(paths.processing_input("dataset"))
    with pytest.raises(InvalidInputError, match="argument --target"):
        segment.run(parser().parse_args(["segment", "--task=inpaint"]), paths, Interruption())


def test_class_pictures_are_masked_where_they_will_be_learnt_from(tmp_path: Path) -> None:
    folder = tmp_path / "dataset"
    write_dataset(folder, 4)
    (folder / "class_data_dir").mkdir()
    for index in range(4, 7):
        garment(index)[0].save(folder / f"class_data_dir/skirt-{index - 4}.png")
    dataset = DatasetFolder.read(folder)
    for prior, count in ((False, 0), (True, 2)):
        masking = mask_pictures(
            dataset, "a skirt", FakeSegmenter(5), Interruption(), notes=[], output=tmp_path, prior=prior
        )
        assert len(masking.class_pictures) == count
    masking.write(tmp_path)
    assert masking.warnings[0].startswith("class_data_dir/skirt-1.png is left out")
    first, last = load_class_examples(dataset, tmp_path, "a skirt")
    assert (first.name, last.name) == ("class_data_dir/skirt-0.png", "class_data_dir/skirt-2.png")
    assert np.array_equal(last.read().mask, garment(6)[1])
    assert np.array_equal(load_examples(dataset, tmp_path, PROMPT)[2].read().mask, garment(2)[1]), (
        "not the class picture's"
    )


def test_no_caption_is_longer_than_one_may_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths, longest = MlPaths(root=tmp_path), "a " * (LONGEST_PROMPT // 2 - 2) + "sks"
    write_dataset(paths.processing_input("dataset"))
    monkeypatch.setattr(base_files, "load_segmenter", lambda *_: FakeSegmenter())
    monkeypatch.setattr(captioning, "worn_with", lambda *_: ["a white shirt"])
    segment.run(parser().parse_args([*WHOLE, f"--caption-prompt={longest}"]), paths, Interruption())
    words = read_caption_lines((paths.processing_output("segment") / "captions.jsonl").read_bytes())
    assert {*words.values()} == {longest}


def test_a_stages_captioner_writes_captions_which_pass_the_gate_of_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = MlPaths(root=tmp_path)
    write_dataset(paths.processing_input("dataset"))
    save_captioner(paths.processing_input("captioner"))
    rules = json.dumps({"also_refused": ["red dog"]})
    segment.run(parser().parse_args([*WHOLE, f"--caption-prompt={PROMPT}"]), paths, Interruption())
    words = read_caption_lines((paths.processing_output("segment") / "captions.jsonl").read_bytes())
    assert {*words} == {f"skirt-{index}.png" for index in range(4)}
    assert all(each.startswith(PROMPT) for each in words.values())
    said = {each.removeprefix(PROMPT).strip(", ") for each in words.values()}
    assert {*" ".join(said).replace(",", "").split()} <= {*CAPTIONER_WORDS}
    assert any(said)
    written = iter(["a woman in a white shirt", "a naked woman on a street", "a red dog", "a street"])
    monkeypatch.setattr(Captioner, "describe", lambda *_: next(written))
    asked = [*WHOLE, f"--caption-prompt={PROMPT}", f"--safety={rules}"]
    segment.run(parser().parse_args(asked), paths, Interruption())
    words = read_caption_lines((paths.processing_output("segment") / "captions.jsonl").read_bytes())
    whole = f"{PROMPT}, a woman in a white shirt"
    assert [words[name] for name in sorted(words)] == [whole, PROMPT, PROMPT, f"{PROMPT}, a street"]
    notes = Masking.read(paths.processing_output("segment")).warnings
    refused = [each for each in notes if "automatic caption is refused" in each]
    assert [each.split()[0] for each in refused] == ["skirt-1.png", "skirt-2.png"]
    assert "naked" not in " ".join(notes)
