"""All commands, in the groups in which ``atelier --help`` lists them, and what becomes of their errors."""

import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

import typer
from typer.main import get_command

from cli.commands.approve import approve
from cli.commands.batch import batch
from cli.commands.batches import batches
from cli.commands.bootstrap import bootstrap
from cli.commands.cancel import cancel
from cli.commands.captions import captions
from cli.commands.clean import clean
from cli.commands.compare import compare
from cli.commands.cost import cost
from cli.commands.delete import delete
from cli.commands.demo import demo
from cli.commands.deploy import deploy
from cli.commands.deployed import deployed
from cli.commands.destroy import destroy
from cli.commands.diff import diff
from cli.commands.doctor import doctor
from cli.commands.down import down
from cli.commands.edit import edit
from cli.commands.evaluate import evaluate
from cli.commands.files import files
from cli.commands.generate import generate
from cli.commands.key import key
from cli.commands.logs import logs
from cli.commands.mirror import mirror
from cli.commands.models import models
from cli.commands.people import people
from cli.commands.pretrain import pretrain
from cli.commands.promote import promote
from cli.commands.reject import reject
from cli.commands.rollback import rollback
from cli.commands.runs import runs
from cli.commands.segment import segment
from cli.commands.show import show
from cli.commands.smoke import smoke
from cli.commands.status import status
from cli.commands.style import style
from cli.commands.train import train
from cli.commands.up import up
from cli.commands.upscale import upscale
from cli.commands.verify import verify
from cli.commands.webhooks import webhooks
from cli.errors import explanation
from cli.examples import EXAMPLES
from cli.options import command_class
from contracts.errors import InvalidInputError

FAILED, REFUSED = 1, 2

COMMANDS: dict[str, Sequence[Callable[..., None]]] = {
    "On this machine": (demo, up, status, down, clean),
    "Pictures": (style, generate, edit, upscale, segment, batch, batches),
    "Styles": (train, captions, evaluate, runs, show, cancel, compare, approve, reject, promote, rollback, delete),
    "Models": (models, mirror, pretrain, verify),
    "The API": (files, webhooks, people),
    "A stage in an AWS account": (cost, doctor, bootstrap, deploy, diff, deployed, key, smoke, logs, destroy),
}
"""By the title of their group. What each says of itself is its docstring and its parameters' help."""

ABOUT = """Fine-tune a style, repaint photos with it, and pretrain base models: on this machine, or in an AWS account.

Exit codes: 0 done, 1 failed, 2 refused (the command line, or something that it gives), 130 interrupted.
With --json a command prints one JSON document and nothing else; what it says while it works goes to stderr.
NO_COLOR=1 leaves colours out. Tab completes commands, options and stages after: atelier --install-completion
"""


def make_app() -> typer.Typer:
    """The commands. An error that is nobody's but ours keeps its traceback, without the values in it: keys may be among them."""
    app = typer.Typer(
        name="atelier",
        help=ABOUT,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    for group, commands in COMMANDS.items():
        for command in commands:
            example = f"Example: atelier {EXAMPLES[command.__name__]}"
            app.command(rich_help_panel=group, cls=command_class(command), epilog=example)(command)
    # What `up` was called, and still is where the local cloud's folder or somebody's script says so.
    app.command("local", hidden=True)(up)
    return app


def run(words: Sequence[str]) -> int:
    """Run one command line; the exit code."""
    try:
        # The exit code of --help and of whoever raises typer.Exit; None of a command that is done.
        return int(get_command(make_app()).main(list(words), prog_name="atelier", standalone_mode=False) or 0)
    except typer.Abort:  # an answer was asked for, and the input ended
        return FAILED
    except typer.TyperException as error:
        return _refuse(error)
    except BrokenPipeError:
        # Whoever read has seen enough. Python flushes once more at its end, and that would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:
        if not (text := explanation(error)):
            raise
        print(text, file=sys.stderr)
        return REFUSED if isinstance(error, InvalidInputError) else FAILED


def _refuse(error: typer.TyperException) -> int:
    """Say what is wrong with a command line, and where its right form is said."""
    context: Any = getattr(error, "ctx", None)
    path = context.command_path if context else "atelier"
    if text := error.format_message():  # where no command was given, its help has been printed, and there is none
        print(f"{path}: {text}\n→ {path} --help lists what is allowed", file=sys.stderr)
    return REFUSED
