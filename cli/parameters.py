"""Parameters that several commands have: one spelling, one explanation, one check."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from contracts.errors import InvalidInputError


def _stages(incomplete: str) -> list[str]:
    from infra.config import STAGES

    return [name for name in STAGES if name.startswith(incomplete)]


def _models(incomplete: str) -> list[str]:
    from models.catalogue import CATALOGUE, HubSource

    return [n for n, entry in CATALOGUE.items() if n.startswith(incomplete) and isinstance(entry.source, HubSource)]


def _port(text: str) -> int:
    """A TCP port."""
    if not text.isdecimal() or not 1 <= int(text) <= 65_535:
        raise typer.BadParameter(f"got {text!r}; allowed: 1 to 65535")
    return int(text)


StageArgument = Annotated[
    str, typer.Argument(metavar="STAGE", help="the stage, or --stage", autocompletion=_stages, show_default=False)
]
StageOption = Annotated[
    str, typer.Option("--stage", metavar="STAGE", help="the stage", autocompletion=_stages, show_default=False)
]
Models = Annotated[
    list[str] | None,
    typer.Argument(metavar="[MODEL]...", help="of the catalogue (default: all of the stage)", autocompletion=_models),
]
Json = Annotated[bool, typer.Option("--json", help="print one JSON document, for programs")]
Out = Annotated[Path, typer.Option("--out", help="folder for everything that the local cloud writes")]
Port = Annotated[int | None, typer.Option("--port", parser=_port, metavar="PORT", help="port on 127.0.0.1")]
Assembly = Annotated[
    Path | None,
    typer.Option("--assembly", help="the templates, as make synth writes them (default: cdk.out)", show_default=False),
]
Cdk = Annotated[
    str, typer.Option("--cdk", metavar="OPTIONS", help="options for the CDK command, in one word: --cdk='--verbose'")
]
Yes = Annotated[bool, typer.Option("--yes", help="do not ask")]
Cloud = Annotated[Path, typer.Option("--cloud", help="folder of the local cloud that is asked where no stage is")]
Learnt = Annotated[
    str, typer.Option("--style", metavar="STYLE", help="a style or style@version that was learnt", show_default=False)
]
Picture = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="the picture's file (default: a new one beside you)", show_default=False),
]
Version = Annotated[str, typer.Argument(metavar="STYLE@VERSION", help="the version, such as my-skirt@2")]

LOCAL_OUT = Path("out/local")
"""Where the local cloud keeps what it writes."""


def one_stage(argument: str, option: str) -> str:
    """The stage that is named as an argument, as ``--stage``, or as both. Raises InvalidInputError where none is, or two are."""
    from infra.config import STAGES

    named = {name for name in (argument, option) if name}
    if len(named) != 1 or not named <= STAGES.keys():
        got = " and ".join(sorted(named)) or None
        raise InvalidInputError("stage", got=got, allowed=f"one of {', '.join(STAGES)}")
    return named.pop()


def cdk_words(text: str) -> list[str]:
    """The words of ``--cdk``. Raises InvalidInputError where a quote is not closed."""
    try:
        return shlex.split(text)
    except ValueError as error:
        raise InvalidInputError("--cdk", got=text, allowed=f"words as a shell reads them ({error})") from error


def assembly_folder(given: Path | None) -> Path:
    """The folder of the templates."""
    from cli.cdk import ROOT

    return given or ROOT / "cdk.out"
