"""A folder of pictures becomes a style: checked, what it will cost said, put up, followed to its end, and its sheet shown."""

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from atelier import Atelier
from atelier.errors import ApiError, TrainingFailedError
from atelier.folder import PictureFolder, default_prompt, read_folder
from cli.connection import LOCAL, connected, settings_of
from cli.earlier_uploads import settle_others
from cli.errors import CommandError
from cli.options import read_options
from cli.terminal import curve, facts, print_json, print_picture
from cli.watching import Watch, look_in_words, progress_of
from contracts.advice import Advice
from contracts.answers import Training
from contracts.errors import InvalidInputError
from contracts.layout import STYLE_PATTERN, dataset_prefix
from contracts.model_names import plain
from contracts.requests import TrainingInput, TrainingRequest
from contracts.training_time import RunEstimate
from infra.work_costs import WAKE_MINUTES, pictures_dollars, training_estimate

APPROVAL = "RequestApproval"
"""The state in which a run waits for a person."""


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """What is learnt: the folder, the style, and the input of the training."""

    folder: PictureFolder
    style: str
    inputs: Mapping[str, Any]


def run_train(
    folder: Path,
    *,
    target: str,
    style: str,
    settings: Mapping[str, str],
    stage: str,
    cloud: Path,
    save: Path | None,
    others: str = "",
    yes: bool,
    json: bool,
) -> None:
    """Learn the folder. Raises InvalidInputError before anything is started, asked or sent where it could never succeed."""
    lesson = read_lesson(folder, target=target, style=style, settings=settings)
    with Watch() as watch:
        for line in plan(lesson, stage):
            watch.say(line)
    require_consent(stage, yes=yes)
    with connected(stage, cloud=cloud, start=True) as client:
        settle_others(client, lesson.style, lesson.folder.paths, others)
        training = _upload_and_start(client, lesson)
        ended = follow(client, training, told=settings_of(stage) is not None)
        if json:
            print_json(ended.model_dump(mode="json"))
            return
        tell_end(client, ended, save or Path("out") / ended.id)


def read_lesson(folder: Path, *, target: str, style: str, settings: Mapping[str, str]) -> Lesson:
    """The folder and the training's input, checked as the API does. Raises InvalidInputError with all that is wrong."""
    options: dict[str, Any] = read_options(settings, TrainingInput)
    name = style or style_named_after(folder)
    pictures = read_folder(folder, task=str(options.get("task", "inpaint")))
    words = {} if pictures.prompt or "instance_prompt" in options else {"instance_prompt": default_prompt(target)}
    inputs = {"target": target, **words, **options}
    inputs = {key: value for key, value in inputs.items() if value != ""}
    TrainingRequest.from_json({"destination": name, "input": {"dataset": dataset_prefix(name), **inputs}})
    return Lesson(folder=pictures, style=name, inputs=inputs)


def style_named_after(folder: Path) -> str:
    """A folder's name as a style's. Raises InvalidInputError where none can be made of it."""
    name = re.sub(r"[^a-z0-9]+", "-", folder.resolve().name.lower()).strip("-")[:40].strip("-")
    # Where letters of other scripts were left out, what remains is not the folder's name.
    if not re.fullmatch(STYLE_PATTERN, name) or not folder.resolve().name.isascii():
        raise InvalidInputError(
            "--style", got=None, allowed=f"a name for the style: none can be made of the folder's, {folder.name!r}"
        )
    return name


def plan(lesson: Lesson, stage: str) -> list[str]:
    """What is about to happen, what it takes and what it costs."""
    files = lesson.folder.files
    held = f", {len(files.photos)} to judge by" if files.photos else ""
    lines = [f"{lesson.style}: {len(files.pictures)} pictures to learn{held}, {_size(lesson.folder.size)} to put up"]
    if prompt := lesson.inputs.get("instance_prompt") or lesson.folder.prompt:
        lines.append(f'learnt as "{prompt}"')
    lines += [f"note: {note}" for note in lesson.folder.notes]
    return [*lines, expectation(stage, lesson)]


def expectation(stage: str, lesson: Lesson) -> str:
    """What it costs and takes, in one line. Raises InvalidInputError where the stage's machine has too little room for it."""
    settings = settings_of(stage)
    if settings is None:
        return "Costs and time are those of the stage at ATELIER_API_URL: atelier cost says them of a stage."
    if settings.name == LOCAL:
        return "On this machine it costs nothing; how long it takes is said once its first steps are done."
    known = training_estimate(settings, lesson.inputs, len(lesson.folder.files.pictures))
    if known is None:
        return (
            f"In stage {settings.name} it takes what is said once it is prepared, if its base model was ever measured."
        )
    woken = pictures_dollars(settings, 1)
    smoke = f"{WAKE_MINUTES} minutes" + (f" and ${woken:.2f}" if woken is not None else "")
    return f"In stage {settings.name} it takes {known}; the smoke test, which wakes the endpoint, {smoke}. These are estimates."


def require_consent(stage: str, *, yes: bool) -> None:
    """Ask before money is spent. Raises InvalidInputError where nobody can be asked, CommandError where the answer is no."""
    settings = settings_of(stage)
    if yes or (settings is not None and settings.name == LOCAL):
        return
    if not sys.stdin.isatty():
        raise InvalidInputError("--yes", got=None, allowed="--yes, where nobody can be asked: it costs money")
    if not typer.confirm("Start it?", err=True):
        raise CommandError("nothing was started")


def _upload_and_start(client: Atelier, lesson: Lesson) -> Training:
    return client.trainings.create(lesson.style, {"dataset": put_up(client, lesson), **lesson.inputs})


def put_up(client: Atelier, lesson: Lesson) -> str:
    """Upload the folder, and show how far it is; what a training calls its data set."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("uploading", total=lesson.folder.size)
        return client.trainings.upload(lesson.folder, lesson.style, sent=lambda part: bar.advance(task, part))


def follow(client: Atelier, training: Training, *, told: bool) -> Training:
    """The training when it has ended, or waits for a person. Interrupted, it goes on, and that is said.

    What it is expected to take is said as soon as the stage knows it, unless that was ``told``.
    """
    with Watch() as watch:
        watch.say(f"training {training.id}")
        seen, expected, looks, advised = list[str](), list[RunEstimate](), list[int](), list[Advice]()

        def heard(now: Training) -> None:
            if now.estimate and not told and not expected:
                expected.append(now.estimate)
                watch.say(f"expected: {now.estimate}")
            if now.advice and not advised:
                advised.extend(now.advice)
                for each in advised:
                    watch.say(f"{each.level}: {each}")
            line, detail = progress_of(now)
            if now.stage and now.stage not in seen:
                seen.append(now.stage)
                watch.begin(now.stage)
            for look in (now.looks or [])[len(looks) :]:
                looks.append(look.step)
                watch.say(look_in_words(look))
            losses = [point.loss for point in now.losses or []]
            watch.show(line, detail="  ".join(part for part in (detail, curve(losses)) if part))
            if now.stage == APPROVAL and now.status == "processing":
                raise _WaitsForPersonError(now)

        try:
            return client.trainings.wait(training, heard=heard)
        except _WaitsForPersonError as waits:
            watch.end("·")
            return waits.training
        except TrainingFailedError:
            raise
        except (KeyboardInterrupt, ApiError):
            watch.say(
                f"The training goes on: atelier show {training.id} says how far; atelier cancel {training.id} ends it."
            )
            raise


class _WaitsForPersonError(Exception):
    """The training has come to where a person decides."""

    def __init__(self, training: Training) -> None:
        super().__init__(training.id)
        self.training = training


def tell_end(client: Atelier, training: Training, folder: Path) -> None:
    """What was learnt, where its report is, and what to do with it."""
    version = plain(training.output.version) if training.output and training.output.version else None
    numbers = {name: f"{value:.4g}" for name, value in sorted(training.metrics.items())}
    facts({"training": training.id, "status": training.status, "version": version, **numbers})
    losses = [point.loss for point in training.losses or []]
    if losses:
        facts({"loss": f"{losses[0]:.3f} {curve(losses)} {losses[-1]:.3f}"})
    best = [look for look in training.looks or [] if look.best]
    if best:
        facts({"best": look_in_words(best[0])})
    sheet = save_report(client, training, folder)
    if sheet:
        print_picture(sheet, cut=True)
    if training.status == "processing":
        waits = waiting_version(client, training)
        print(f"It waits for a person: atelier approve {waits}, or atelier reject {waits}")
    elif training.input.get("preflight"):
        print("Nothing was learnt: the same command without --preflight does that")
    elif version:
        print(to_use(training.input, version))


def to_use(asked: Mapping[str, Any], version: str) -> str:
    """The command that uses a version: what its task is for."""
    match asked.get("task"):
        case "text-to-image":
            return f'atelier generate "{asked.get("instance_prompt", "WORDS")}" --style {version}'
        case "upscale":
            return f"atelier upscale PHOTO --style {version}"
        case _:
            return f'atelier style PHOTO "{asked.get("target", "a skirt")}" "WORDS" --style {version}'


def waiting_version(client: Atelier, training: Training) -> str:
    """The version that waits for a decision; STYLE@VERSION where another was decided meanwhile."""
    versions = client.styles.get(training.model).versions if training.model else []
    return next((each.version for each in versions if each.training == training.id), "STYLE@VERSION")


def save_report(client: Atelier, training: Training, folder: Path) -> bytes | None:
    """Fetch what the evaluation and the looks wrote into the folder; the sheet, where there is one."""
    if training.report is None:
        return None
    wanted = {"report.html": training.report.page, "sheet.png": training.report.sheet, "loss.png": training.report.loss}
    wanted["strip.png"] = training.strip
    folder.mkdir(parents=True, exist_ok=True)
    for name, address in wanted.items():
        if address:
            (folder / name).write_bytes(client.fetch(address))
            print(folder / name)
    sheet = folder / "sheet.png"
    return sheet.read_bytes() if training.report.sheet else None


def _size(number: int) -> str:
    return f"{number / 1e6:.1f} MB" if number >= 1e5 else f"{number / 1e3:.0f} kB"
