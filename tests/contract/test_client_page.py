"""The examples of docs/client.md run, as they are, against the API in memory."""

import io
import re
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from atelier import AsyncAtelier, Atelier
from tests.unit.cli_client import Commanded
from tests.unit.ops_fakes import JPEG, PNG
from tests.unit.ops_stage import put_promoted, put_version

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "client.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def commanded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Commanded:
    commanded = Commanded()
    api = commanded.api
    for number in (1, 2):
        put_version(api.buckets, number, style="my-skirt")
    put_promoted(api.buckets, 2, style="my-skirt")

    def look(self: Commanded, name: str) -> None:
        if name in api.executions.started:
            self.change_training(name, status="SUCCEEDED", output={"style": "my-skirt", "version": 1, "metrics": {}})
        else:
            record = api.records.items[f"prediction#{name}"]
            self.succeed(name, *[PNG] * (record.data["input"]["num_outputs"]))

    commanded.looked = look
    monkeypatch.setattr(Atelier, "from_environment", commanded.client)
    monkeypatch.setattr(AsyncAtelier, "from_environment", commanded.async_client)
    monkeypatch.setattr("atelier.drivers.time.sleep", lambda seconds: None)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    (tmp_path / "catalogue.csv").write_text("image,colour\nphoto.png,red\n", encoding="utf-8")
    for name in ("photo.png", "mask.png", *(f"photos/{number}.jpg" for number in range(4))):
        (tmp_path / name).write_bytes(PNG if name.endswith("png") else JPEG)
    return commanded


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda text: next(iter(re.findall(r"atelier\.(\w+)\(", text)), "x"))
def test_an_example_runs(example: str, commanded: Commanded) -> None:
    with redirect_stdout(io.StringIO()):
        exec(compile(example, "docs/client.md", "exec"), {"__name__": "example"})
    assert commanded.seen or "verify_webhook" in example


def test_every_error_of_the_page_is_one(commanded: Commanded) -> None:
    from atelier import errors
    from contracts.errors import InvalidInputError

    names = re.findall(r"`(\w+Error)`", PAGE)
    known: dict[str, Any] = {**vars(errors), "InvalidInputError": InvalidInputError}
    assert [name for name in names if name not in known] == []
    assert len(EXAMPLES) == 6


def test_every_command_that_the_pages_show_is_one() -> None:
    from cli.app import COMMANDS

    names = {command.__name__ for commands in COMMANDS.values() for command in commands}
    root = Path(__file__).resolve().parents[2]
    texts = [PAGE, (root / "README.md").read_text(encoding="utf-8")]
    shown = {name for text in texts for name in re.findall(r"^\$ \.venv/bin/atelier ([a-z-]+)", text, re.MULTILINE)}
    assert shown <= names
    assert {"train", "style"} <= shown
