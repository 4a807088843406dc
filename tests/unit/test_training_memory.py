"""However many pictures a dataset has, few of them are decoded at a time, from Segment to the evaluation's report."""

import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from atelier_training.data import examples, pictures
from atelier_training.data.crops import Crops, around_garment
from atelier_training.data.example_views import inpaint_view
from atelier_training.data.examples import load_examples, opened
from atelier_training.data.garments import mask_pictures
from atelier_training.data.pictures import DatasetFolder
from atelier_training.engine.interruption import Interruption
from atelier_training.evaluate.measure import measure
from atelier_training.evaluate.photos import require_photos
from atelier_training.evaluate.real import RealGarment
from tests.unit.test_training_evaluate import restyled
from tests.unit.test_training_segment import FakeSegmenter
from tests.unit.training_root import PROMPT, garment, write_dataset

PICTURES, PHOTOS = 12, 6


class Decoded:
    """Counts the decoded pictures that are still in memory."""

    def __init__(self) -> None:
        self.ever, self.most, self.alive = 0, 0, 0

    def gone(self) -> None:
        self.alive -= 1

    def counting(self, decode: Any) -> Any:
        def counted(*given: Any, **named: Any) -> Any:
            picture = decode(*given, **named)
            weakref.finalize(getattr(picture, "image", picture), self.gone)
            self.ever, self.alive = self.ever + 1, self.alive + 1
            self.most = max(self.most, self.alive)
            return picture

        return counted


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> Decoded:
    counter = Decoded()
    for module, name in ((pictures, "decode"), (pictures, "read_picture"), (examples, "decode")):
        monkeypatch.setattr(module, name, counter.counting(getattr(module, name)))
    return counter


@pytest.fixture
def dataset(tmp_path: Path) -> DatasetFolder:
    folder = tmp_path / "dataset"
    write_dataset(folder, PICTURES)
    (folder / "evaluation").mkdir()
    for index in range(PHOTOS):
        garment(index)[0].save(folder / f"evaluation/look-{index}.png")
    return DatasetFolder.read(folder)


def test_the_check_of_a_dataset_holds_one_picture(dataset: DatasetFolder, decoded: Decoded) -> None:
    dataset.check()
    assert decoded.ever == PICTURES + PHOTOS
    assert decoded.most == 1


def test_masking_holds_two_pictures_and_no_mask(dataset: DatasetFolder, decoded: Decoded, tmp_path: Path) -> None:
    require_photos(dataset, FakeSegmenter(), "a skirt")
    mask_pictures(dataset, "a skirt", FakeSegmenter(), Interruption(), notes=[], output=tmp_path / "segment")
    assert decoded.ever == PICTURES + PHOTOS
    assert decoded.most <= 2


def test_learning_from_pictures_and_judging_by_them_hold_two(
    dataset: DatasetFolder, decoded: Decoded, tmp_path: Path
) -> None:
    segment = tmp_path / "segment"
    mask_pictures(dataset, "a skirt", FakeSegmenter(), Interruption(), notes=[], output=segment).write(segment)
    files = load_examples(dataset, segment, PROMPT)
    before = decoded.ever
    crops = Crops(files, lambda each: around_garment(each, 32), tmp_path / "crops")
    for index in range(8 * PICTURES):
        inpaint_view(crops[index % PICTURES], 32, np.random.default_rng(0), index // PICTURES)
    assert decoded.ever == before + PICTURES, "each once for all of its views"
    measure(RealGarment.of(opened(files)), [restyled()], train_avg_loss=0.03, mask_scores=[0.9])
    assert decoded.ever == before + 2 * PICTURES
    assert decoded.most <= 2
