"""The command line of the image: which arguments each step takes."""

import argparse
import json
from collections.abc import Callable
from typing import Annotated, Any, NoReturn

from contracts.declarations import bounds
from contracts.errors import InvalidInputError
from contracts.execution import TASKS
from contracts.metrics import read_gate
from contracts.model import Check
from contracts.pretrain_hyperparameters import MODELS
from contracts.pretraining import HELD_OUT
from contracts.prompts import prompt
from contracts.safety.rules import SafetyRules
from contracts.strings import as_text


class Parser(argparse.ArgumentParser):
    """A parser whose error becomes the job's failure reason, not a usage text and exit code 2."""

    def error(self, message: str) -> NoReturn:
        """Raises InvalidInputError."""
        raise InvalidInputError("arguments", got=message, allowed=" ".join(self.format_usage().split()))


def parser() -> Parser:
    """The parser of every step."""
    parser = Parser(prog="python -m atelier_training", description=__doc__, allow_abbrev=False)
    steps = parser.add_subparsers(
        dest="step", required=True, metavar="segment | train | evaluate | shard | pretrain | evaluate-base"
    )
    segment = steps.add_parser("segment", help="check every picture, and mask the garment in it")
    _add_task(segment)
    segment.add_argument(
        "--prior", action="store_true", help="mask class pictures too, which the training will learn from"
    )
    segment.add_argument(
        "--resolution", default=512, type=_resolution, help="side in pixels that the base model paints at"
    )
    segment.add_argument(
        "--caption-prompt",
        default="",
        type=as_text,
        help="give pictures without a caption one that begins with these words and says what is seen besides",
    )
    _add_safety(segment)
    steps.add_parser("train", help="fine-tune a base model; settings come from hyperparameters.json")
    evaluate = steps.add_parser("evaluate", help="repaint photos before and after, and measure")
    _add_task(evaluate)
    evaluate.add_argument("--instance-prompt", required=True, type=_prompt, help="the words that stand for the garment")
    evaluate.add_argument("--gate", default={}, type=_gate, help="thresholds to show, e.g. '{\"garment_share\": 0.5}'")
    evaluate.add_argument(
        "--comparison", default="", type=as_text, help="what the gate compares the result with, in words"
    )
    evaluate.add_argument(
        "--expected", default="", type=as_text, help="how long the run was to take and what it was to cost, in words"
    )
    _add_pretraining(steps)
    return parser


def _add_task(step: argparse.ArgumentParser) -> None:
    step.add_argument("--task", required=True, choices=TASKS)
    step.add_argument("--target", default="", type=as_text, help="what to mask; needed when the task is inpaint")


def _add_safety(step: argparse.ArgumentParser) -> None:
    words = "what captions are refused for, as JSON in as many parts as it needs"
    step.add_argument("--safety", action="append", default=[], help=words)


def safety_rules(arguments: argparse.Namespace) -> SafetyRules:
    """What words are refused for; without any, for everything that a stage may refuse."""
    return SafetyRules.from_text("".join(arguments.safety) or "{}")


def required_target(arguments: argparse.Namespace) -> str:
    """What to mask. Raises InvalidInputError where the task needs it and it was not given."""
    if not arguments.target:
        allowed = 'what to mask, e.g. "a skirt", when task is inpaint'
        raise InvalidInputError("argument --target", got="", allowed=allowed)
    return str(arguments.target)


def _add_pretraining(steps: Any) -> None:
    shard = steps.add_parser("shard", help="check a pretraining data set and write it as tar shards")
    shard.add_argument("--held-out", required=True, type=_share, help="share of the samples set aside for evaluation")
    _add_safety(shard)
    steps.add_parser("pretrain", help="train a base model; settings come from hyperparameters.json")
    evaluate = steps.add_parser("evaluate-base", help="measure a pretrained model on the samples set aside")
    evaluate.add_argument("--model", required=True, choices=MODELS)
    evaluate.add_argument("--gate", default={}, type=json.loads, help="thresholds to show, e.g. '{\"psnr\": 20}'")


def _checked(read: Callable[[str], Any]) -> Callable[[str], Any]:
    def typed(value: str) -> Any:
        # argparse keeps the text of its own error type only.
        try:
            return read(value)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return typed


_share = _checked(lambda value: Check(Annotated[float, HELD_OUT])("held-out", float(value)))
_resolution = _checked(lambda value: Check(Annotated[int, bounds(8, 4_096)])("resolution", int(value)))
_prompt = _checked(lambda value: prompt("prompt", as_text(value)))
_gate = _checked(lambda value: read_gate("gate", json.loads(value)))
