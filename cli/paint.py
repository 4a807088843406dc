"""Pictures from the command line: checked before anything starts, waited for, saved, and shown where the terminal can."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from atelier import Atelier
from atelier.painting import PaintedPictures
from atelier.pictures import inline
from cli.connection import connected
from cli.options import read_options
from cli.terminal import print_json, print_picture
from cli.watching import Watch, progress_of
from contracts.answers import Prediction
from contracts.prediction import PredictionInput

_SHOWN_COLUMNS = 64


def run_paint(
    method: str,
    *,
    mode: str,
    pictures: Mapping[str, Path],
    words: Mapping[str, str],
    settings: Mapping[str, str],
    style: str = "",
    output: Path | None = None,
    stage: str = "",
    cloud: Path,
    json: bool = False,
) -> None:
    """Call the client's ``method`` with files of ``pictures`` (image, mask) and ``words`` (prompt, mask_prompt) by the contract's names.

    ``settings`` are the contract's options as texts. Raises InvalidInputError before anything is started or sent where it could never
    succeed.
    """
    options = read_options(settings, PredictionInput)
    given = {name: inline(path) for name, path in pictures.items()}
    PredictionInput.from_json({"mode": mode, **given, **{n: w for n, w in words.items() if w}, **options}, where="")
    with connected(stage, cloud=cloud, start=True) as client, Watch() as watch:
        painted = _paint(client, method, pictures, words, style, options, watch)
    wanted = output or free_name(next(iter(pictures.values()), Path(f"{method}.png")), method)
    _tell(painted, wanted, json=json)


def _paint(
    client: Atelier,
    method: str,
    pictures: Mapping[str, Path],
    words: Mapping[str, str],
    style: str,
    options: Mapping[str, Any],
    watch: Watch,
) -> PaintedPictures:
    def heard(now: Prediction) -> None:
        line, detail = progress_of(now)
        watch.show(line, detail=detail)

    named = {"image": "photo", "prompt": "words", "mask_prompt": "target"}
    values: dict[str, Any] = {named.get(name, name): value for name, value in (*pictures.items(), *words.items())}
    if style:
        values["style"] = style
    operation = getattr(client, method)
    painted: PaintedPictures = operation(**values, **options, heard=heard, cancel_when_interrupted=True)
    return painted


def _tell(painted: PaintedPictures, wanted: Path, *, json: bool) -> None:
    files = painted.save(wanted)
    if painted.mask:
        mask = wanted.with_name(f"{wanted.stem}-mask.png")
        mask.write_bytes(painted.mask)
        files = [*files, mask]
    made = painted.prediction
    if json:
        answer = made.model_dump(mode="json", exclude={"output"})
        print_json({**answer, "files": [str(file) for file in files]})
        return
    for picture in painted.pictures:
        print_picture(picture, columns=_SHOWN_COLUMNS)
    for file in files:
        print(file)


def free_name(source: Path, method: str) -> Path:
    """Where a picture goes that nobody gave a name: here, called after its source, and over nothing that is there."""
    stem = method if source.stem == method else f"{source.stem}-{method}"
    there, number, found = [path.name for path in Path().iterdir()], 1, stem
    while any(name.startswith((f"{found}.", f"{found}-")) for name in there):
        number += 1
        found = f"{stem}-{number}"
    return Path(f"{found}.png")
