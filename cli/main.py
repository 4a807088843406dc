"""The ``atelier`` command: ``demo`` runs the main job once, ``local`` keeps the local cloud up, ``pretrain`` trains a base model."""

import argparse
import sys
from pathlib import Path
from typing import Any

from cli.client import ApiError
from cli.demo import run_demo
from cli.follow import ExecutionFailedError
from cli.keep import run_local
from cli.pretrain import NotDeployedError, run_pretrain
from cli.session import SynthesisError
from contracts.errors import InvalidInputError

KNOWN_ERRORS = (ApiError, ExecutionFailedError, InvalidInputError, NotDeployedError, SynthesisError)


def main() -> int:
    """Entry point of the ``atelier`` command; returns the process's exit code."""
    arguments = _parser().parse_args()
    try:
        arguments.run(arguments)
    except KNOWN_ERRORS as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="atelier", description="Fine-tune, serve and pretrain image models.")
    commands = parser.add_subparsers(required=True, metavar="command")
    demo = commands.add_parser("demo", help="fine-tune on 12 pictures and restyle photos, all on this machine")
    demo.add_argument(
        "--out", type=Path, default=Path("out/demo"), help="folder for the pictures, the page and metrics.json"
    )
    demo.add_argument("--port", type=int, help="port of the local cloud on 127.0.0.1 (default: a free one)")
    demo.add_argument(
        "--stay",
        action=argparse.BooleanOptionalAction,
        default=sys.stdin.isatty() and sys.stdout.isatty(),
        help="keep the API up at the end, until Ctrl-C (default: on a terminal)",
    )
    demo.set_defaults(run=run_demo)
    local = commands.add_parser("local", help="keep the local cloud and its API up until Ctrl-C")
    local.add_argument(
        "--out", type=Path, default=Path("out/local"), help="folder for everything the local cloud writes"
    )
    local.add_argument("--port", type=int, default=4700, help="port on 127.0.0.1")
    local.set_defaults(run=run_local)
    _add_pretrain(commands)
    return parser


def _add_pretrain(commands: Any) -> None:
    pretrain = commands.add_parser("pretrain", help="train a base model on many captioned pictures, and follow it")
    pretrain.add_argument("name", help="what the new base model is called")
    pretrain.add_argument(
        "--dataset", required=True, help="a folder to upload, or the name of what lies below datasets/ already"
    )
    pretrain.add_argument(
        "--input", default="{}", help='the rest of the execution\'s input, e.g. \'{"instances": {"train": 4}}\''
    )
    pretrain.add_argument(
        "--stage", default="local", help="a deployed stage, or local: in a cloud on this machine, for this one run"
    )
    pretrain.add_argument("--out", type=Path, default=Path("out/pretrain"), help="folder for the report")
    pretrain.set_defaults(run=run_pretrain)
