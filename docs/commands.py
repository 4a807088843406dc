"""The page of the ``atelier`` command, as its own help has it: every command with its arguments, options and an example."""

from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

from typer.main import get_command

from cli.app import COMMANDS, FAILED, REFUSED, make_app
from cli.examples import EXAMPLES
from cli.main import INTERRUPTED
from docs.markdown import table

_BEGINNING = f"""# The command line

Written by `make docs` from the commands themselves; `atelier COMMAND --help` prints the same. [How to begin](client.md#the-command-line).

| exit code | means |
|---|---|
| 0 | it is done |
| {FAILED} | it failed: what was asked for ended badly, is not there, or was answered no; the last line of stderr says why |
| {REFUSED} | it was refused before anything was begun: the command line, or something that it gives |
| {INTERRUPTED} | it was interrupted (Ctrl-C); what runs elsewhere goes on, and that is said |

- `--json` prints one JSON document on stdout, and what is said meanwhile on stderr; where the exit code is not 0 there is no document,
  or one that says what was found.
- Results go to stdout. A pipe gets plain lines that are never broken; `NO_COLOR=1` leaves out colours and pictures on a terminal, too.
- Without `--stage` and without `ATELIER_API_URL` (with `ATELIER_API_KEY`), commands that ask the API ask the local cloud in `--cloud`;
  commands that paint and `train` start it where it does not run. `--stage dev` asks a stage that is deployed in an AWS account.
- `atelier --install-completion` lets Tab complete commands, options, stages and names of models.
"""


def page() -> str:
    """The whole page."""
    group: Any = get_command(make_app())
    parts = [_BEGINNING]
    for title, commands in COMMANDS.items():
        parts.append(f"## {title}\n")
        parts += [_command(group.commands[command.__name__]) for command in commands]
    return "\n".join(parts)


def _command(command: Any) -> str:
    name = command.name
    parameters = [p for p in command.get_params(command.context_class(command, info_name=name)) if not p.hidden]
    about = "\n\n".join(" ".join(part.split()) for part in command.help.split("\n\n"))
    example = f"```console\n$ .venv/bin/atelier {EXAMPLES[name]}\n```"
    rows = [row for parameter in parameters if (row := _row(parameter))]
    return f"### atelier {name}\n\n{about}\n\n{example}\n\n{table(['argument or option', ''], rows)}\n"


def _row(parameter: Any) -> list[str]:
    """A line of the table; empty for ``--help``."""
    if parameter.param_type_name == "argument":
        name = parameter.metavar or parameter.opts[0].upper() + ("…" if parameter.nargs == -1 else "")
        return [f"`{name}`", _help(parameter)]
    if "--help" in parameter.opts:
        return []
    names = ", ".join(f"`{option}`" for option in (*parameter.opts, *parameter.secondary_opts))
    return [f"{names} {_value(parameter)}".strip(), _help(parameter)]


def _value(parameter: Any) -> str:
    """What follows the option's name; nothing after a switch."""
    if parameter.is_flag:
        return ""
    kinds = {"int": "INTEGER", "float": "NUMBER", "Path": "PATH"}
    kind = parameter.type_descriptor.annotation
    return f"`{parameter.metavar or kinds.get(getattr(kind, '__name__', ''), 'TEXT')}`"


def _help(parameter: Any) -> str:
    return " ".join(_sentences(parameter)).replace("\n", " ")


def _sentences(parameter: Any) -> Iterator[str]:
    yield parameter.help or ""
    default = parameter.default
    if parameter.show_default and default is not None and default != "" and not isinstance(default, bool):
        yield f"(default: `{default if isinstance(default, (int, float, str, PurePath)) else ', '.join(default)}`)"
