"""Tab completes commands, options, stages and names: as bash asks, from the script that ``--install-completion`` writes."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ASK = """
source ~/.bashrc
COMP_WORDS=(atelier "$@")
COMP_CWORD=$#
_atelier_completion atelier
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose shell has the completion."""
    home = tmp_path_factory.mktemp("home")
    programs = home / "bin"
    programs.mkdir()
    start = f"#!{sys.executable}\nimport sys\nfrom cli.main import main\nsys.exit(main())\n"
    (programs / "atelier").write_text(start, encoding="utf-8")
    (programs / "atelier").chmod(0o755)
    done = run(home, ["atelier", "--install-completion", "bash"])
    assert "bash completion installed" in done
    return home


def run(home: Path, command: list[str]) -> str:
    root = Path(__file__).resolve().parents[2]
    environment = {
        "HOME": str(home),
        "PATH": f"{home / 'bin'}:/usr/bin:/bin",
        "PYTHONPATH": f"{root}:{root / 'lambdas'}",
        "SHELL": "/bin/bash",
    }
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["roll"], {"rollback"}),
        (["models", ""], {"local", "trial", "dev", "prod"}),
        (["train", "--stage", "d"], {"dev"}),
        (["train", "photos", "--instance_p"], {"--instance_prompt"}),
        (["files", ""], {"list", "put", "get", "delete"}),
        (["mirror", "sd2"], {"sd2-inpaint"}),
    ],
)
def test_what_was_begun_is_completed(words: list[str], offered: set[str], home: Path) -> None:
    assert set(run(home, ["bash", "--norc", "-c", ASK, "bash", *words]).split()) == offered
