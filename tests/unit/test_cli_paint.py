"""Pictures from the command line: what is asked, what is saved, and what is refused before anything starts."""

import json
from pathlib import Path
from typing import Any

import pytest

from atelier.errors import PredictionFailedError
from cli.paint import free_name, run_paint
from contracts.errors import InvalidInputError
from tests.unit.cli_client import Commanded
from tests.unit.ops_fakes import JPEG, PNG
from tests.unit.ops_stage import put_promoted, put_version


@pytest.fixture
def commanded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Commanded:
    commanded = Commanded()
    monkeypatch.setattr("cli.paint.connected", commanded.connected)
    monkeypatch.setattr("atelier.drivers.time.sleep", lambda seconds: None)
    monkeypatch.chdir(tmp_path)
    return commanded


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "사진 1.png"
    path.write_bytes(PNG)
    return path


def restyle(photo: Path, **changes: Any) -> None:
    run_paint(
        "style",
        **{
            "mode": "style",
            "pictures": {"image": photo},
            "words": {"mask_prompt": "치마", "prompt": "a red skirt"},
            "settings": {},
            "cloud": Path("out/local"),
            **changes,
        },
    )


def asked(commanded: Commanded) -> dict[str, Any]:
    (body,) = [json.loads(request.content) for request in commanded.seen if request.method == "POST"]
    return dict(body)


def test_a_photo_is_restyled_and_saved_beside_the_caller(
    commanded: Commanded, photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    restyle(photo, settings={"seed": "7", "num_outputs": "2"})
    commanded.looked = lambda self, name: self.succeed(name, PNG, JPEG)
    assert asked(commanded)["input"] | {"image": ""} == {
        "mode": "style", "image": "", "mask_prompt": "치마", "prompt": "a red skirt", "seed": 7, "num_outputs": 2,
    }  # fmt: skip
    assert commanded.asked == [("", True)]
    told = capsys.readouterr()
    assert told.out == "사진 1-style.png\n"
    assert (tmp_path / "사진 1-style.png").read_bytes() == PNG


def test_several_pictures_and_the_mask_get_names_of_their_own(
    commanded: Commanded, photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    commanded.looked = lambda self, name: self.succeed(name, PNG, JPEG, PNG)
    restyle(photo, output=Path("red.png"), settings={"num_outputs": "2", "return_mask": "true"})
    assert capsys.readouterr().out.splitlines() == ["red-1.png", "red-2.jpg", "red-mask.png"]
    assert (tmp_path / "red-2.jpg").read_bytes() == JPEG


def test_json_is_one_document_with_the_files(
    commanded: Commanded, photo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    restyle(photo, json=True, style="")
    document = json.loads(capsys.readouterr().out)
    assert (document["status"], document["files"]) == ("succeeded", ["사진 1-style.png"])


def test_a_failure_is_the_servers_own_words(commanded: Commanded, photo: Path) -> None:
    commanded.looked = lambda self, name: self.fail(name, "GarmentNotFoundError: no skirt")
    with pytest.raises(PredictionFailedError, match="no skirt"):
        restyle(photo)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"words": {"mask_prompt": "юбка", "prompt": "x"}}, "mask_prompt: got 'юбка'"),
        ({"words": {"mask_prompt": "a skirt"}}, "prompt: got nothing; allowed: required when mode is style"),
        ({"settings": {"seed": "-1"}}, "seed: got -1"),
        ({"pictures": {"image": Path(__file__)}}, "allowed: a PNG, JPEG, WebP or HEIC file"),
    ],
)
def test_what_can_never_succeed_starts_nothing(
    commanded: Commanded, photo: Path, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(InvalidInputError, match=words):
        restyle(photo, **changes)
    assert commanded.asked == []


def test_a_picture_goes_over_nothing_that_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert free_name(Path("elsewhere/a.jpg"), "style") == Path("a-style.png")
    (tmp_path / "a-style.jpg").touch()
    assert free_name(Path("a.jpg"), "style") == Path("a-style-2.png")
    (tmp_path / "a-style-2-1.png").touch()
    assert free_name(Path("a.jpg"), "style") == Path("a-style-3.png")
    assert free_name(Path("generate.png"), "generate") == Path("generate.png")


def test_an_upscaler_s_style_is_asked_for(commanded: Commanded, photo: Path) -> None:
    put_version(commanded.api.buckets, 1, style="sharp", task="upscale")
    put_promoted(commanded.api.buckets, 1, style="sharp")
    given: dict[str, Any] = {"pictures": {"image": photo}, "words": {"prompt": "a skirt"}, "settings": {}}
    run_paint("upscale", mode="upscale", style="sharp", cloud=Path("out/local"), **given)
    assert asked(commanded)["version"] == "sharp"
