"""The images keep SageMaker's contract: the server's command, port and routes, and the folders and files that jobs find and leave.

https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html, …/your-algorithms-training-algo-running-container.html
and …/build-your-own-processing-container.html
"""

import ast
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from infra.gate.assembly import Assembly
from infra.gate.checks.dockerfiles import PACKAGES
from infra.gate.finding import Finding
from infra.gate.sources import Sources

_NAME = "containers"
_PORT = 8080
_TEXTS: Mapping[str, Mapping[str, str]] = {
    "training/atelier_training/paths.py": {
        "/opt/ml": "everything of a container's lies below it",
        "input/config/hyperparameters.json": "a training job's settings",
        "input/config/resourceconfig.json": "a training job's hosts",
        "config/resourceconfig.json": "a processing job's hosts",
        "input/config/inputdataconfig.json": "a training job's channels",
        "input/data": "a training job's channels",
        "checkpoints": "what is kept in step with S3",
        "output/tensorboard": "event files that are kept in step with S3",
        "model": "what becomes the model artifact",
        "output/failure": "why a training job failed",
        "output/message": "why a processing job failed",
        "processing/input": "what a processing job's inputs are copied to",
        "processing/output": "what a processing job's outputs are copied from",
    },
    "inference/atelier_inference/settings.py": {
        "/opt/ml/model": "where SageMaker lays the model",
        "SAGEMAKER_BIND_TO_PORT": "the port that SageMaker may ask for",
        "0.0.0.0": "SageMaker calls from outside of the container",  # noqa: S104
    },
    "inference/atelier_inference/__main__.py": {
        "serve": "how SageMaker starts the server",
    },
    "inference/atelier_inference/server.py": {
        "/ping": "SageMaker asks here whether the server is ready",
        "/invocations": "SageMaker sends requests here",
        "POST": "SageMaker sends requests by POST",
        "X-Amzn-SageMaker-Inference-Id": "how a request's id comes along",
    },
}
"""By file, texts that it must have as they are."""

_LINES: Mapping[str, Sequence[tuple[str, str]]] = {
    "inference": (
        (f"EXPOSE {_PORT}", "the port that SageMaker calls"),
        ('CMD ["serve"]', "how the image starts elsewhere"),
    ),
    "training": (),
}
_NEVER: Sequence[tuple[str, str]] = (
    (r"^ADD\s", "ADD fetches or unpacks; COPY says what comes in"),
    (r"^LABEL .*sagemaker\.capabilities", "a capability that the server does not have"),
    (r"^(RUN|ENV).*pip install(?!.*--no-deps)", "without --no-deps pip replaces the image's torch"),
)


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    for file, texts in _TEXTS.items():
        path = sources.root / file
        if not path.exists():
            continue
        said = _constants(path)
        for text, why in texts.items():
            if text not in said:
                yield _finding(file, f"it does not say {text!r}: {why}", "Write it as SageMaker's contract has it")
    yield from _server(sources.root)
    for folder in PACKAGES:
        yield from _image(folder, sources.root)


def _constants(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def _server(root: Path) -> Iterator[Finding]:
    """The port where nobody asks for another, and settings without a value that nothing sets."""
    file = "inference/atelier_inference/settings.py"
    path = root / file
    tree = ast.parse(path.read_text(encoding="utf-8")) if path.exists() else ast.Module(body=[], type_ignores=[])
    for node in ast.walk(tree):
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "port":
            yield from _port(file, ast.unparse(node))
        fields = node.body if isinstance(node, ast.ClassDef) and node.name == "Settings" else []
        for field in (each for each in fields if isinstance(each, ast.AnnAssign) and each.value is None):
            wrong = f"the server does not start without {ast.unparse(field.target)}, which nothing sets"
            yield _finding(file, wrong, "Give it a default, or set it in Hosting's environment", field.lineno)


def _port(file: str, declared: str) -> Iterator[Finding]:
    if not declared.endswith(f"= {_PORT}"):
        yield _finding(file, f"it says {declared}", f"Let the port be {_PORT} where nobody asks for another")


def _image(folder: str, root: Path) -> Iterator[Finding]:
    file = f"{folder}/Dockerfile"
    path = root / file
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    joined = re.sub(r"\\\n\s*", " ", text)
    for line, why in _LINES[folder] if text else ():
        if line not in text.splitlines():
            yield _finding(file, f"it does not say {line}: {why}", f"Write {line}")
    for pattern, why in _NEVER:
        found = re.search(pattern, joined, re.MULTILINE)
        if found:
            yield _finding(file, f"it says {found[0].strip()[:60]}: {why}", "Remove it")
    if folder == "training" and re.search(r"^CMD", text, re.MULTILINE):
        yield _finding(file, "it has a CMD, which a training job does not replace", "Leave the command to the job")
    commands = re.findall(r"^ENTRYPOINT (.+)$", text, re.MULTILINE)
    for command in commands:
        try:
            json.loads(command)
        except ValueError:
            yield _finding(file, f"ENTRYPOINT {command} runs in a shell, which swallows SIGTERM", "Write it as a list")


def _finding(file: str, wrong: str, remedy: str, line: int = 1) -> Finding:
    return Finding(place=f"{file}:{line}", check=_NAME, wrong=wrong, remedy=remedy)
