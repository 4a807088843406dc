"""The page as it is served: what it weighs, what it may contain, what it shares with the rest, and its own tests under Node.js."""

import hashlib
import re
import subprocess
from pathlib import Path

import pytest

from bench.page.__main__ import MOST_BYTES
from bench.page.weight import weights
from contracts.garments import GARMENTS, KOREAN
from contracts.prediction import PredictionInput
from infra.node import packaged_node

MOST_LINES = 260


@pytest.fixture
def web(root: Path) -> Path:
    return root / "web"


def written(web: Path) -> list[Path]:
    """Files of our own."""
    return sorted(
        path for path in web.rglob("*") if path.suffix in {".js", ".css", ".html"} and "vendor" not in path.parts
    )


def test_the_logic_of_the_page_holds(root: Path) -> None:
    tests = sorted(str(path) for path in (root / "tests" / "web").glob("*.test.js"))
    assert tests
    ran = subprocess.run(
        [packaged_node(), "--test", "--test-reporter=tap", *tests], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_the_page_weighs_little(web: Path) -> None:
    assert max(weights(web).values()) <= MOST_BYTES


def test_files_of_the_page_are_short(web: Path) -> None:
    lines = {str(path.relative_to(web)): path.read_text("utf-8").count("\n") for path in written(web)}
    assert len(lines) > 30
    assert {name: count for name, count in lines.items() if count > MOST_LINES} == {}


def test_vendored_files_are_those_of_the_pinned_packages(root: Path, web: Path) -> None:
    pairs = {
        "preact.js": "htm/preact/standalone.module.js",
        "LICENSE-htm": "htm/LICENSE",
        "LICENSE-preact": "preact/LICENSE",
    }
    for name, package in pairs.items():
        ours, theirs = (web / "vendor" / name).read_bytes(), (root / "node_modules" / package).read_bytes()
        assert hashlib.sha256(ours).hexdigest() == hashlib.sha256(theirs).hexdigest(), name


def test_the_samples_are_those_of_the_demo(root: Path, web: Path) -> None:
    demo = {path.name: path.read_bytes() for path in (root / "models/tiny/sample/photos").glob("*.png")}
    assert {path.name: path.read_bytes() for path in (web / "samples").iterdir()} == demo
    named = re.search(r"SAMPLES = \[(.*?)\]", (web / "restyle/studio.js").read_text("utf-8"))
    assert named
    assert {f"{name}.png" for name in re.findall(r'"(.*?)"', named[1])} == demo.keys()


def test_the_sample_set_is_the_demos(root: Path, web: Path) -> None:
    dataset = root / "models/tiny/sample/dataset"
    demo = {path.name: path.read_bytes() for path in (*dataset.glob("*.png"), *(dataset / "evaluation").glob("*.png"))}
    assert {path.name: path.read_bytes() for path in (web / "teach/samples").iterdir()} == demo


def test_addresses_are_relative_and_exist(web: Path) -> None:
    page = (web / "index.html").read_text("utf-8")
    named = re.findall(r'(?:href|src)="([^"]+)"', page)
    assert len(named) > 5
    assert [address for address in named if not (address.startswith("./") and (web / address).is_file())] == []
    for path in written(web):
        imports = re.findall(r'(?:from|import)\s*\(?"([^"]+)"', path.read_text("utf-8"))
        missing = [name for name in imports if not name.startswith(".") or not (path.parent / name).is_file()]
        assert missing == [], path


def test_what_the_first_screen_needs_is_asked_for_at_once(web: Path) -> None:
    """Without it a browser learns of each module only when it has read the one before: a dozen round trips."""
    listed = re.findall(r'rel="modulepreload" href="([^"]+)"', (web / "index.html").read_text("utf-8"))
    first = re.search(r'load: \(\) => import\("([^"]+)"\)', (web / "pages.js").read_text("utf-8"))
    assert first
    assert sorted((web / name).resolve() for name in listed) == sorted(
        {path for start in ("app.js", first[1]) for path in needed((web / start).resolve())}
        - {(web / "app.js").resolve()}
    )


def needed(module: Path, known: frozenset[Path] = frozenset()) -> frozenset[Path]:
    """The module, and those that it imports before it runs."""
    known |= {module}
    for name in re.findall(r'^import (?:[^"]* from )?"([^"]+)";', module.read_text("utf-8"), re.MULTILINE):
        if (path := (module.parent / name).resolve()) not in known:
            known |= needed(path, known)
    return known


def test_nothing_needs_what_the_content_security_policy_forbids(web: Path) -> None:
    page = (web / "index.html").read_text("utf-8")
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", page)
    for path in written(web):
        text = path.read_text("utf-8")
        assert not re.search(r"\beval\(|new Function|innerHTML|insertAdjacentHTML|setAttribute\(\"style", text), path
        assert "url(" not in text or path.suffix != ".css", path


def test_garments_to_choose_are_known_to_the_segmenter(web: Path) -> None:
    listed = re.findall(
        r'say: "([^"]+)", en: "([^"]+)", ko: "([^"]+)"', (web / "restyle/garments.js").read_text("utf-8")
    )
    assert len(listed) >= 8
    for say, english, korean in listed:
        assert english in GARMENTS
        assert KOREAN[korean] == english
        assert say.removeprefix("a ") == english


def test_requests_are_such_as_the_api_takes(web: Path) -> None:
    text = (web / "restyle/wish.js").read_text("utf-8")
    body = text[text.index("export function inputOf") : text.index("export function suggestions")]
    fields = set(re.findall(r"\b([a-z_]+): (?:wish|\"|true)", body)) | {"image", "mask"}
    assert {"mode", "mask_prompt", "num_outputs", "adapter_scale", "mask_blur"} <= fields
    assert fields <= PredictionInput.model_fields.keys()
