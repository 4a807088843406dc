"""Runs, styles and versions from the command line: what there is, side by side, and which is meant."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import typer

from atelier import Atelier
from cli.batches import tell_batch
from cli.connection import connected
from cli.errors import CommandError
from cli.ids import first_of, is_drawn
from cli.terminal import MOST_COLUMNS, curve, duration, facts, print_json, print_picture, table
from cli.watching import look_in_words
from contracts.answers import Prediction, Published, Training
from contracts.batch_answers import CatalogueBatch
from contracts.errors import InvalidInputError
from contracts.model_names import plain
from contracts.style_answers import Comparison, VersionCard, WholeStyle
from contracts.terms import in_words


def run_runs(*, limit: int, stage: str, cloud: Path, json: bool) -> None:
    """List the trainings, newest first."""
    with connected(stage, cloud=cloud) as client:
        runs = client.trainings.list(limit=limit).results
    if json:
        print_json([run.model_dump(mode="json") for run in runs])
        return
    rows = [(run.id, run.status, _version(run.output), run.created_at[:19], run.error or "") for run in runs]
    table(["training", "status", "version", "begun (UTC)", ""], rows)


def run_show(name: str, *, stage: str, cloud: Path, json: bool) -> None:
    """Show a style, a style@version, a training, a prediction or a batch. Raises CommandError where it is none of them."""
    with connected(stage, cloud=cloud) as client:
        found = _find(client, name)
        if json:
            print_json(found.model_dump(mode="json"))
            return
        match found:
            case Training():
                _tell_training(found)
            case Prediction():
                _tell_prediction(found)
            case WholeStyle():
                _tell_style(found)
            case VersionCard():
                _tell_version(client, found)
            case CatalogueBatch():
                tell_batch(found)


_Shown = Training | Prediction | WholeStyle | VersionCard | CatalogueBatch


def _find(client: Atelier, name: str) -> _Shown:
    if "@" in name:
        return client.styles.version(name)
    drawn: dict[str, Callable[[str], _Shown]] = {"prediction": client.predictions.get, "batch": client.batches.get}
    named: dict[str, Callable[[str], _Shown]] = {
        "style": client.styles.get,
        "training": client.trainings.get,
        "batch": client.batches.get,
    }
    return first_of(name, drawn if is_drawn(name) else named)


def _tell_training(run: Training) -> None:
    losses = [point.loss for point in run.losses or []]
    facts(
        {
            "training": run.id,
            "status": run.status,
            "stage": run.stage,
            "style": run.model,
            "version": _version(run.output) or None,
            "done": f"{run.progress.percentage:.0%}" if run.progress else None,
            "left": f"about {duration(run.eta_seconds)}" if run.eta_seconds is not None else None,
            "loss": f"{losses[0]:.3f} {curve(losses)} {losses[-1]:.3f}" if losses else None,
            "looks": "; ".join(look_in_words(look) for look in (run.looks or []) if look.best) or None,
            "strip": run.strip,
            **{metric: f"{value:.4g}" for metric, value in sorted(run.metrics.items())},
            "report": run.report and run.report.page,
            "error": run.error,
        }
    )
    for advice in run.advice or []:
        print(f"{advice.level}: {advice}")
    if run.logs:
        print(run.logs, end="")


def _version(output: Published | None) -> str:
    """``style@version`` of what was published; empty where nothing was."""
    return plain(output.version) if output and output.version else ""


def _tell_prediction(made: Prediction) -> None:
    facts(
        {
            "prediction": made.id,
            "status": made.status,
            "version": made.version,
            "stage": made.stage,
            "error": made.error,
        }
    )
    print(made.logs, end="")
    print("\n".join(made.output or []))


def _tell_style(style: WholeStyle) -> None:
    facts({"style": style.style, "means": style.promoted or "nothing", "before": style.previous, "owner": style.owner})
    rows = [
        (each.version, "← means this" if each.promoted else "", each.approval, each.created_at and each.created_at[:10],
         each.method, each.base_model, *(f"{name} {value:.3g}" for name, value in each.metrics.items() if name == "garment_share"))
        for each in style.versions
    ]  # fmt: skip
    table(
        ["version", "", "approval", "made", "method", "base model", ""], [row + ("",) * (7 - len(row)) for row in rows]
    )


def _tell_version(client: Atelier, card: VersionCard) -> None:
    facts(
        {
            "version": card.version,
            "approval": card.approval,
            "reason": card.reason,
            "published": card.published,
            "promoted": card.promoted,
            "made": card.created_at,
            "method": f"{card.method}, {card.task}, on {card.base_model}",
            "use": in_words(card.commercial, restricted=bool(card.restricted)) if card.commercial else None,
            "licence": card.licence,
            "learnt as": card.instance_prompt,
            "target": card.target,
            "training": card.training,
            "dataset": card.dataset_sha256,
            "comparison": card.comparison,
            **{metric: _measured(card, metric) for metric in sorted(card.metrics)},
            "report": card.report,
        }
    )
    for picture in card.pictures:
        if picture.name == "sheet.png":
            print_picture(client.fetch(picture.url))


def _measured(card: VersionCard, metric: str) -> str:
    """A metric's value and, where it is known, how far its pictures are apart and how many they are."""
    spread = card.spread.get(metric)
    of = f" ± {spread.deviation:.2g}, of {spread.n}" if spread else ""
    return f"{card.metrics[metric]:.4g}{of}"


def run_compare(versions: list[str], *, stage: str, cloud: Path, json: bool) -> None:
    """Compare versions of one style, given as style@version each. Raises InvalidInputError where they are of several."""
    split = [each.partition("@") for each in versions]
    styles = {style for style, _, _ in split}
    if len(styles) != 1 or not all(number.isdecimal() for _, _, number in split):
        raise InvalidInputError(
            "versions", got=" ".join(versions), allowed="2 to 8 of one style: my-skirt@1 my-skirt@2"
        )
    with connected(stage, cloud=cloud) as client:
        compared = client.styles.compare(styles.pop(), [int(number) for _, _, number in split])
        if json:
            print_json(compared.model_dump(mode="json"))
            return
        _tell_comparison(client, compared)


def _tell_comparison(client: Atelier, compared: Comparison) -> None:
    names = [each.version for each in compared.versions]
    rows = [
        (
            metric.name,
            *(_cell(metric.values.get(name), best=name in metric.best) for name in names),
            f"{metric.better} is better",
        )
        for metric in compared.metrics
    ]
    table(["metric", *names, ""], rows)
    if not compared.same_dataset:
        print("They were measured on different files: read the numbers with care.")
    for picture in compared.pictures:
        print(picture.name)
        for name, address in picture.urls.items():
            print(f"  {name}")
            print_picture(client.fetch(address), columns=MOST_COLUMNS // 2)


def _cell(value: float | None, *, best: bool) -> str:
    return "" if value is None else f"{value:.4g}{' *' if best else ''}"


def run_decide(version: str, decide: Callable[[Atelier], Any], *, stage: str, cloud: Path, json: bool) -> None:
    """Approve or reject a version, and say how it stands now."""
    with connected(stage, cloud=cloud) as client:
        decided = decide(client)
    if json:
        print_json(decided.model_dump(mode="json"))
    else:
        print(f"{version} is {decided.approval}" + (f": {decided.reason}" if decided.reason else ""))


def run_mean(change: Callable[[Atelier], Any], *, stage: str, cloud: Path, json: bool) -> None:
    """Let a style's bare name mean another version, and say which."""
    with connected(stage, cloud=cloud) as client:
        now = change(client)
    if json:
        print_json(now.model_dump(mode="json"))
    else:
        print(f"{now.style} means {now.version}" + (f", and meant {now.previous} before" if now.previous else ""))


def run_delete(name: str, *, stage: str, cloud: Path, yes: bool, json: bool) -> None:
    """Delete a version or a style. Raises InvalidInputError where nobody can be asked, CommandError where the answer is no."""
    if not yes and not sys.stdin.isatty():
        raise InvalidInputError("--yes", got=None, allowed="--yes, where nobody can be asked")
    if not yes and not typer.confirm(f"Delete {name} for good?", err=True):
        raise CommandError("nothing was deleted")
    with connected(stage, cloud=cloud) as client:
        if "@" in name:
            client.styles.delete_version(name)
        else:
            client.styles.delete(name)
    if json:
        print_json({"name": name, "deleted": True})
    else:
        print(f"{name} is deleted")
