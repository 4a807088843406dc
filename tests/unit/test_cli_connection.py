"""Which API a command asks: the named stage's, the environment's, the running local cloud's, or one that is started for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from atelier import Atelier
from atelier.places import NoPlaceError
from cli.connection import connected, settings_of

STARTED = "http://127.0.0.1:4700/started"


@pytest.fixture(autouse=True)
def places(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """What was looked for; no local cloud runs."""
    asked: list[tuple[str, Any]] = []

    def local(folder: Path) -> Atelier:
        asked.append(("local", folder))
        raise NoPlaceError("no local cloud runs")

    def stage(name: str, *, signed: bool) -> Atelier:
        asked.append((name, signed))
        return Atelier(f"https://{name}.test", "k")

    @contextmanager
    def deployed(folder: Path, progress: object, *, fresh: bool) -> Iterator[SimpleNamespace]:
        asked.append(("started", (folder, fresh)))
        yield SimpleNamespace(api=Atelier(STARTED, "k"))

    monkeypatch.delenv("ATELIER_API_URL", raising=False)
    monkeypatch.setattr(Atelier, "from_local", local)
    monkeypatch.setattr(Atelier, "from_stage", stage)
    monkeypatch.setattr("cli.session.deployed", deployed)
    return asked


def test_a_named_stage_is_asked_signed_where_it_wants_that(places: list[tuple[str, Any]]) -> None:
    with connected("dev", start=True) as client:
        assert client.url == "https://dev.test"
    assert places == [("dev", settings_of("dev").api.signed)]  # type: ignore[union-attr]


def test_the_environments_api_is_asked_where_no_stage_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATELIER_API_URL", "https://api.test/live")
    monkeypatch.setenv("ATELIER_API_KEY", "k")
    with connected(start=True) as client:
        assert client.url == "https://api.test/live"
    assert settings_of("") is None


def test_where_no_local_cloud_runs_one_is_started_for_those_who_need_it(
    places: list[tuple[str, Any]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(NoPlaceError), connected(cloud=tmp_path):
        pass
    with connected(cloud=tmp_path, start=True) as client:
        assert client.url == STARTED
    assert places[-1] == ("started", ((tmp_path / "run").resolve(), False))
    told = capsys.readouterr()
    assert (told.out, "one is started for this command" in told.err) == ("", True)


def test_the_stage_local_is_the_local_cloud_whatever_the_environment_says(
    places: list[tuple[str, Any]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ATELIER_API_URL", "https://api.test/live")
    with connected("local", cloud=tmp_path, start=True):
        pass
    assert places[0] == ("local", tmp_path)


def test_the_running_cloud_is_asked_and_left_running(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(Atelier, "from_local", lambda folder: Atelier("http://127.0.0.1:4700/x", "k"))
    with connected(cloud=tmp_path, start=True) as client:
        assert client.url == "http://127.0.0.1:4700/x"
