"""Nothing in a Lambda runs a shell, reads pickles, evaluates text or holds a secret."""

import ast
import re
from collections.abc import Iterator, Mapping

from infra.gate.assembly import Assembly
from infra.gate.finding import Finding
from infra.gate.sources import Module, Sources, spelt

_NAME = "unsafe"
_CALLS: Mapping[str, str] = {
    "eval": "it evaluates text",
    "exec": "it runs text",
    "os.system": "it runs a shell",
    "os.popen": "it runs a shell",
    "pickle.load": "a pickle runs whatever its author wished",
    "pickle.loads": "a pickle runs whatever its author wished",
    "marshal.loads": "marshalled code runs whatever its author wished",
    "yaml.load": "YAML can make any object",
}
_SECRET_NAME = re.compile(r"(secret|password|passwd|private_key|access_key|api_key)", re.IGNORECASE)
_SECRET = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")
_ACCESS_KEY = re.compile(r"\b(AKIA|ASIA)[A-Z0-9]{16}\b")


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    for module in sources.modules.values():
        for node in module.nodes:
            if isinstance(node, ast.Call):
                yield from _call(module, node)
            elif isinstance(node, ast.Assign):
                yield from _secret(module, node)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and _ACCESS_KEY.search(node.value):
                yield module.finding(
                    _NAME, node, "an access key of AWS is written down", "Remove it, and revoke the key"
                )


def _call(module: Module, node: ast.Call) -> Iterator[Finding]:
    name = spelt(node.func)
    if name in _CALLS:
        yield module.finding(_NAME, node, f"{name}: {_CALLS[name]}", "Use a format that holds data only")
    for keyword in node.keywords:
        if keyword.arg == "shell" and isinstance(keyword.value, ast.Constant) and keyword.value.value is True:
            yield module.finding(_NAME, node, f"{name} runs a shell", "Pass the words of the command as a list")


def _secret(module: Module, node: ast.Assign) -> Iterator[Finding]:
    value = node.value.value if isinstance(node.value, ast.Constant) else None
    names = [spelt(target) for target in node.targets]
    if isinstance(value, str) and _SECRET.fullmatch(value) and any(_SECRET_NAME.search(name) for name in names):
        wrong = f"{names[0]} looks like a secret"
        yield module.finding(_NAME, node, wrong, "Keep it in Secrets Manager, and change it: it has been seen")
