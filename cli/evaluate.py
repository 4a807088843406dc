"""A published version is measured again, on other pictures, and followed to its report."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from atelier.folder import read_folder
from cli.connection import LOCAL, connected, settings_of
from cli.earlier_uploads import settle_others
from cli.learn import Lesson, follow, put_up, require_consent, tell_end
from cli.options import read_options
from cli.terminal import print_json
from cli.watching import Watch
from contracts.errors import InvalidInputError
from contracts.layout import dataset_prefix
from contracts.requests import EvaluationRequest


def run_evaluate(
    version: str,
    folder: Path | None,
    *,
    dataset: str,
    settings: Mapping[str, str],
    stage: str,
    cloud: Path,
    save: Path | None,
    others: str = "",
    yes: bool,
    json: bool,
) -> None:
    """Measure it on a folder, which is put up as ``dataset``, or on a data set that is there: the style's own, unless another is named.

    Raises InvalidInputError before anything is started, asked or sent where it could never succeed.
    """
    name = dataset or version.partition("@")[0]
    lesson = _read(folder, name, settings, named=bool(dataset))
    options: Mapping[str, Any] = lesson.inputs if lesson else _options(name, settings)
    settled = settings_of(stage)
    with Watch() as watch:
        watch.say(
            f"{version}: measured on {_what(lesson, name)}; one job, nothing is trained and nothing about it changes"
        )
        if settled is not None and settled.name != LOCAL:
            watch.say(f"In stage {settled.name} it takes some minutes of one {settled.jobs.processing_instance}.")
    require_consent(stage, yes=yes)
    with connected(stage, cloud=cloud, start=True) as client:
        if lesson:
            settle_others(client, name, lesson.folder.paths, others)
            put_up(client, lesson)
        begun = client.styles.evaluate(version, dataset_prefix(name), **options)
        ended = follow(client, begun, told=True)
        if json:
            print_json(ended.model_dump(mode="json"))
            return
        tell_end(client, ended, save or Path("out") / ended.id)
        print("\n".join(line for line in ended.logs.splitlines() if line.startswith("gate: ")))


def _read(folder: Path | None, name: str, settings: Mapping[str, str], *, named: bool) -> Lesson | None:
    """The folder and what is asked; None where the data set is there already. Raises InvalidInputError."""
    if folder is None:
        return None
    if not named:
        allowed = (
            "--dataset NAME, under which the folder is put up: that of the style itself is what it was learnt from"
        )
        raise InvalidInputError("--dataset", got=None, allowed=allowed)
    return Lesson(folder=read_folder(folder, task="inpaint"), style=name, inputs=_options(name, settings))


def _options(name: str, settings: Mapping[str, str]) -> dict[str, Any]:
    """What is asked besides, checked as the API does. Raises InvalidInputError with all that is wrong."""
    options: dict[str, Any] = read_options(settings, EvaluationRequest)
    EvaluationRequest.from_json({"dataset": dataset_prefix(name), **options})
    return options


def _what(lesson: Lesson | None, name: str) -> str:
    if lesson is None:
        return f"data set {name}"
    files = lesson.folder.files
    return f"{len(files.photos) or len(files.pictures)} photos, beside {len(files.pictures)} pictures of the garment"
