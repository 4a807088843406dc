"""Where objects lie is written in one place, and buckets of running stages are full of them: a renamed folder strands what is there."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

from infra.gate.assembly import Assembly
from infra.gate.finding import Finding
from infra.gate.sources import Module, Sources

_NAME = "keys"
_LAYOUT = "contracts.layout"
_NAMES: Mapping[tuple[str, str], str] = {
    ("contracts.hosting", "alarm_names"): "{}-{}",
    ("atelier_ops.logic.names", "style_endpoint"): "{}-style-{}-v{}",
    ("atelier_ops.logic.names", "run_jobs"): "{}-{}",
}
"""How what executions make is called: roles, rules and what removes it look for these names."""

_FOLDERS: Mapping[str, str] = {
    "dataset_prefix": "datasets/{}/",
    "run_prefix": "runs/{}/",
    "checkpoint_prefix": "checkpoints/{}/",
    "class_pictures_prefix": "checkpoints/{}/class_pictures/{}/",
    "class_pictures_key": "checkpoints/lent/class_pictures/{}.json",
    "before_prefix": "runs/{}/before/",
    "before_key": "checkpoints/lent/before/{}.json",
    "import_prefix": "imports/{}/",
    "base_prefix": "base/{}@{}/",
    "upload_key": "uploads/{}/{}/{}",
    "request_key": "requests/{}.json",
    "outputs_prefix": "outputs/{}/",
    "output_key": "outputs/{}/{}.{}",
    "found_masks_prefix": "outputs/masks/{}/",
    "found_mask_key": "outputs/masks/{}/{}.{}",
}
"""By function, the last key that it can give; roles, lifecycle rules and other releases name these folders too."""

_FILES: Mapping[str, str] = {
    "FOUND_MASKS": "outputs/masks/",
    "STYLES": "styles/",
    "UPLOADS": "uploads/",
    "CERTIFICATES": "certificates/",
    "MANIFEST": "manifest.json",
    "FAILURE": "failure.json",
    "RESUMPTION": "resumption.json",
    "TAKEN_UP": "taken_up.json",
    "LATEST": "latest.json",
}
_ELSEWHERE: Mapping[str, str] = {
    "lambdas/atelier_ops/logic/names.py": "checkpoints",
    "lambdas/atelier_ops/handlers/gate.py": "metrics.json",
    "training/atelier_training/jobs/evaluate.py": "metrics.json",
    "training/atelier_training/jobs/evaluate_base.py": "metrics.json",
}
"""Files whose name another side reads."""

_REMEDY = (
    "Keep it: buckets, roles and lifecycle rules name it; or change infra/gate/checks/keys.py and move what is there"
)


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    layout = sources.modules.get(_LAYOUT)
    for node in layout.tree.body if layout else ():
        if layout and isinstance(node, ast.FunctionDef) and node.name in _FOLDERS:
            yield from _folder(layout, node)
        if layout and isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in _FILES:
            name, value = ast.unparse(node.targets[0]), getattr(node.value, "value", None)
            if value != _FILES[name]:
                yield layout.finding(_NAME, node, f"{name} is {value!r}, and was {_FILES[name]!r}", _REMEDY)
    for (name, function), meant in _NAMES.items():
        module = sources.modules.get(name)
        for node in module.tree.body if module else ():
            if module and isinstance(node, ast.FunctionDef) and node.name == function:
                yield from _shaped(module, node, meant)
    for file, text in _ELSEWHERE.items():
        path = sources.root / file
        if path.exists() and not _says(path, text):
            yield Finding(
                place=f"{file}:1", check=_NAME, wrong=f"it does not name {text}, which others read", remedy=_REMEDY
            )


def _folder(layout: Module, node: ast.FunctionDef) -> Iterator[Finding]:
    yield from _shaped(layout, node, _FOLDERS[node.name])


def _shaped(layout: Module, node: ast.FunctionDef, meant: str) -> Iterator[Finding]:
    texts = [_shape(each) for each in ast.walk(node) if isinstance(each, ast.JoinedStr)]
    if meant not in texts:
        wrong = f"{node.name} gives {', '.join(texts) or 'nothing'}, and gave {meant}"
        yield layout.finding(_NAME, node, wrong, _REMEDY)


def _shape(text: ast.JoinedStr) -> str:
    """An f-string with ``{}`` in place of its values."""
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in text.values)


def _says(path: Path, text: str) -> bool:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return any(isinstance(node, ast.Constant) and str(node.value).endswith(text) for node in ast.walk(tree))
