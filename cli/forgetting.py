"""Deleting a person's data from the command line."""

import sys
from pathlib import Path

import typer

from cli.commands.people import ACTIONS
from cli.connection import connected
from cli.errors import CommandError
from cli.terminal import print_json
from contracts.errors import InvalidInputError
from contracts.people_answers import PersonDeletion


def run_people(action: str, reference: str, *, stage: str, cloud: Path, yes: bool, json: bool) -> None:
    """Do one of ACTIONS. Raises InvalidInputError where nobody can be asked, CommandError where the answer is no."""
    if action not in ACTIONS:
        raise InvalidInputError("people", got=action, allowed=" | ".join(ACTIONS))
    if action == "delete" and not yes and not sys.stdin.isatty():
        raise InvalidInputError("--yes", got=None, allowed="--yes, where nobody can be asked")
    if action == "delete" and not yes:
        question = f"Delete every picture, row and style that has {reference}, for good?"
        if not typer.confirm(question, err=True):
            raise CommandError("nothing was deleted")
    with connected(stage, cloud=cloud) as client:
        told = client.people.delete(reference) if action == "delete" else client.people.get(reference)
    if json:
        print_json(told.model_dump(mode="json"))
    else:
        print(_said(told))


def _said(told: PersonDeletion) -> str:
    counted = ", ".join(f"{number} {name.replace('_', ' ')}" for name, number in told.counts.items()) or "nothing yet"
    if told.status == "deleted":
        return f"{told.consent} is deleted since {told.completed_at}: {counted if told.counts else 'there was nothing'}"
    return f"{told.consent} is being deleted, by {told.due_by} at the latest; so far: {counted}"
