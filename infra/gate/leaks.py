"""Secrets in the repository's files: what detect-secrets takes for a key, a token or a password."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from detect_secrets.core.plugins import initialize
from detect_secrets.core.secrets_collection import SecretsCollection
from detect_secrets.settings import transient_settings

from infra.gate.finding import Finding

_KINDS = (
    "ArtifactoryDetector",
    "AWSKeyDetector",
    "AzureStorageKeyDetector",
    "BasicAuthDetector",
    "DiscordBotTokenDetector",
    "GitHubTokenDetector",
    "GitLabTokenDetector",
    "JwtTokenDetector",
    "NpmDetector",
    "OpenAIDetector",
    "PrivateKeyDetector",
    "PypiTokenDetector",
    "SlackDetector",
    "StripeDetector",
    "TwilioKeyDetector",
)
"""Secrets with a form of their own. Strings of high entropy are not looked for: hashes and revisions of models are all there is."""

_LARGEST = 300_000
"""Bytes: larger files are weights, locks and generated pages."""


def leaks(root: Path) -> Iterator[Finding]:
    """Every secret in a file that git knows."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=True)  # noqa: S607
    files = [name for name in listed.stdout.split("\0") if name and (root / name).is_file()]
    with transient_settings({"plugins_used": [{"name": kind} for kind in _KINDS]}):
        forms = [form for kind in _KINDS for form in getattr(initialize.from_plugin_classname(kind), "denylist", ())]
        found = SecretsCollection(root=str(root))
        for name in files:
            # The scan takes seconds for what its forms rule out at once.
            if _holds(root / name, forms):
                found.scan_file(name)
    for name, secret in found:
        yield Finding(
            place=f"{name}:{secret.line_number}",
            check="detect-secrets",
            wrong=f"it looks like a secret ({secret.type})",
            remedy="Revoke it and take it out; where it is none, write it so that nobody takes it for one",
        )


def _holds(file: Path, forms: list[re.Pattern[str]]) -> bool:
    """Whether a text file has anything of one of the forms."""
    content = file.read_bytes()
    if len(content) > _LARGEST or b"\0" in content[:1024]:
        return False
    text = content.decode("utf-8", "replace")
    return any(form.search(text) for form in forms)
