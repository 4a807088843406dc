"""The ``atelier`` command: runs on this machine (``demo``, ``local``), in any stage (``pretrain``), and stages in an AWS account."""

import argparse
import os
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from atelier.errors import ApiError
from atelier.places import NoPlaceError
from cli.account import NotDeployedError
from cli.advice import advice
from cli.assembly import SynthesisError
from cli.cdk import ROOT, CdkError
from cli.demo import run_demo
from cli.deploy import run_bootstrap, run_deploy
from cli.deployed import run_deployed, run_key
from cli.destroy import NotRemovedError, run_destroy
from cli.diff import run_diff
from cli.doctor.run import UnfitError, run_doctor
from cli.follow import ExecutionFailedError
from cli.keep import run_local
from cli.manage import run_clean, run_down, run_status
from cli.options import add_options
from cli.pretrain import run_pretrain
from cli.registry import LoginError
from cli.smoke import run_smoke
from contracts.errors import InvalidInputError
from contracts.pretraining import PretrainingInput
from infra.config import STAGES
from local.errors import LocalCloudError

KNOWN_ERRORS = (
    *(ApiError, CdkError, ExecutionFailedError, InvalidInputError, LocalCloudError, NoPlaceError),
    *(NotDeployedError, LoginError, NotRemovedError, SynthesisError, UnfitError, BotoCoreError, ClientError),
)


def main(words: Sequence[str] | None = None) -> int:
    """Run the ``atelier`` command with ``words``, or those of the command line; the process's exit code.

    What it writes, photos among it, only this user can read.
    """
    mask = os.umask(0o077)
    try:
        arguments, unknown = command_parser().parse_known_args(words)
        if unknown:
            raise InvalidInputError("command line", got=" ".join(unknown), allowed="the options that --help lists")
        arguments.run(arguments)
    except KNOWN_ERRORS as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        if to_do := advice(error):
            print(f"→ {to_do}", file=sys.stderr)
        return 1
    except OSError as error:
        if error.filename is None:
            raise
        print(f"{type(error).__name__}: {error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        os.umask(mask)
    return 0


def command_parser() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
    description = "Fine-tune a style, repaint photos with it, and pretrain base models."
    parser = argparse.ArgumentParser(prog="atelier", description=description, allow_abbrev=False)
    commands = parser.add_subparsers(required=True, metavar="command")
    _add_demo(_command(commands, "demo", "fine-tune on 12 pictures and restyle photos, all on this machine", run_demo))
    _add_local(_command(commands, "local", "keep the local cloud and its API up until Ctrl-C", run_local))
    for name, summary, run in (
        ("status", "say what runs in the local cloud's folder and what it takes on the disk", run_status),
        ("down", "stop the local cloud of a folder, and wait until it has ended", run_down),
        ("clean", "remove what the local cloud of a folder keeps: styles, pictures, reports", run_clean),
    ):
        _add_out(_command(commands, name, summary, run), "out/local", "the local cloud")
    _add_pretrain(
        _command(commands, "pretrain", "train a base model on captioned pictures, and follow it", run_pretrain)
    )
    _add_account(commands)
    return parser


def _command(
    commands: Any, name: str, summary: str, run: Callable[[argparse.Namespace], None]
) -> argparse.ArgumentParser:
    description = f"{summary[0].upper()}{summary[1:]}."
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=summary, description=description, allow_abbrev=False
    )
    parser.set_defaults(run=run)
    return parser


def _add_account(commands: Any) -> None:
    """The commands behind the make targets of the same names."""
    for name, summary, run in (
        ("bootstrap", "make what the CDK needs in the account and region", run_bootstrap),
        ("deploy", "deploy a stage to the account, and say how to use it", run_deploy),
        ("diff", "say what deploying a stage would change in the account", run_diff),
        ("destroy", "remove a stage from the account, with what its executions made", run_destroy),
    ):
        parser = _command(commands, name, summary, run)
        _add_stage(parser)
        folder = "the templates, as make synth writes them (default: cdk.out)"
        parser.add_argument("--assembly", type=Path, default=ROOT / "cdk.out", help=folder)
        options = "options for the CDK command, in one word: --cdk='--require-approval never'"
        parser.add_argument("--cdk", type=shlex.split, default=[], metavar="OPTIONS", help=options)
    commands.choices["destroy"].add_argument("--yes", action="store_true", help="do not ask")
    lacks = "say what stands between a stage and its account, and what to do about it"
    doctor = _command(commands, "doctor", lacks, run_doctor)
    _add_stage(doctor)
    where = "the CDK's context, such as account=111122223333 or qualifier=team42"
    doctor.add_argument("--context", action="extend", nargs="+", default=[], metavar="NAME=VALUE", help=where)
    _add_stage(_command(commands, "deployed", "say where a deployed stage is and how to use it", run_deployed))
    _add_stage(_command(commands, "smoke", "ask a deployed stage for one picture, and wait for it", run_smoke))
    _add_stage(_command(commands, "key", "print a deployed stage's API key", run_key))


def _add_stage(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stage", choices=list(STAGES), help="the stage")


def _add_out(parser: argparse.ArgumentParser, default: str, contents: str) -> None:
    parser.add_argument("--out", type=Path, default=Path(default), help=f"folder for {contents} (default: {default})")


def _add_demo(parser: argparse.ArgumentParser) -> None:
    _add_out(parser, "out/demo", "the pictures, the page and metrics.json")
    parser.add_argument("--port", type=_port, help="port of the local cloud on 127.0.0.1 (default: a free one)")
    parser.add_argument(
        "--stay",
        action=argparse.BooleanOptionalAction,
        default=sys.stdin.isatty() and sys.stdout.isatty(),
        help="keep the API up at the end, until Ctrl-C (default: on a terminal)",
    )


def _add_local(parser: argparse.ArgumentParser) -> None:
    _add_out(parser, "out/local", "everything that the local cloud writes")
    parser.add_argument("--port", type=_port, help="port on 127.0.0.1 (default: that of the last start, at first 4700)")
    place = "the region that it stands for (default: that of the stage's settings, or of the last start, at first us-east-1)"
    parser.add_argument("--region", default="", help=place)


def _add_pretrain(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help="what the new base model is called")
    parser.add_argument(
        "--dataset", required=True, help="a folder to upload, or the name of a data set below datasets/"
    )
    stage = "a deployed stage; local starts a local cloud for this run (default: local)"
    parser.add_argument("--stage", default="local", help=stage)
    _add_out(parser, "out/pretrain", "the report")
    add_options(parser, PretrainingInput, without=("name", "dataset"))
    parser.usage = (
        "atelier pretrain NAME --dataset DATASET [--stage STAGE] [--out OUT] [options of the execution's input]"
    )


def _port(text: str) -> int:
    """A TCP port."""
    if not text.isdecimal() or not 1 <= int(text) <= 65_535:
        raise argparse.ArgumentTypeError(f"got {text!r}; allowed: 1 to 65535")
    return int(text)
