"""The keys by which pictures say where they come from: each of its kind, for the model server alone to use, and known to it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from contracts.hosting import Hosting
from infra.config import STAGES
from infra.gate.assembly import Assembly, Resource
from infra.gate.finding import Finding
from infra.gate.functions import handlers
from infra.gate.roles import role_of, statements
from infra.gate.sources import Sources
from infra.settings.provenance import Provenance

_NAME = "picture keys"


@dataclass(frozen=True, kw_only=True)
class _Meant:
    """A key by the beginning of its id, what it is, what the server asks of it, and by which variable it knows it."""

    start: str
    spec: str
    usage: str
    actions: frozenset[str]
    variable: str
    setting: str


_KEYS = (
    # The mark's 32 bytes are what this makes of a message (contracts/mark.py); imaging has no other.
    _Meant(
        start="MarkKey",
        spec="HMAC_256",
        usage="GENERATE_VERIFY_MAC",
        actions=frozenset({"kms:GenerateMac"}),
        variable="ATELIER_MARK_KEY",
        setting="marked",
    ),
    # Manifests are signed by ES256, which is this curve with SHA-256.
    _Meant(
        start="SigningKey",
        spec="ECC_NIST_P256",
        usage="SIGN_VERIFY",
        actions=frozenset({"kms:Sign", "kms:GetPublicKey"}),
        variable="ATELIER_SIGNING_KEY",
        setting="signed",
    ),
)


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    said = STAGES[assembly.stage].provenance if assembly.stage in STAGES else Provenance()
    models = assembly.of("AWS::SageMaker::Model")
    for meant in _KEYS:
        keys = [each for each in assembly.of("AWS::KMS::Key") if each.logical_id.startswith(meant.start)]
        wanted = keys if getattr(said, meant.setting) else []
        for key in keys:
            for wrong, remedy in _key(key, meant):
                yield key.finding(_NAME, wrong, remedy)
        for model in models:
            yield from _told(
                assembly, model, model.properties.get("PrimaryContainer", {}).get("Environment"), meant, wanted
            )
            yield from _granted(assembly, model, meant, wanted)
        yield from _hosting(assembly, meant, wanted)


def _key(key: Resource, meant: _Meant) -> Iterator[tuple[str, str]]:
    for name, value in (("KeySpec", meant.spec), ("KeyUsage", meant.usage)):
        if (got := key.properties.get(name)) != value:
            yield f"its {name} is {got}", f"Make it {value}: what was written with another kind is not read any more"
    if key.properties.get("EnableKeyRotation") is True:
        # https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html
        yield "it rotates, which KMS does with symmetric keys that encrypt only", "Leave EnableKeyRotation out"


def _told(
    assembly: Assembly, holder: Resource, environment: Any, meant: _Meant, wanted: list[Resource]
) -> Iterator[Finding]:
    """The server knows the key, where the stage has one."""
    told = environment.get(meant.variable) if isinstance(environment, Mapping) else None
    names = [f"<{each.name}.Arn>" for each in wanted] or [""]
    if told is not None and told not in names:
        wrong = f"{meant.variable} is {told or 'empty'}, and provenance.{meant.setting} is {bool(wanted)}"
        yield holder.finding(_NAME, wrong, f"Set it to {names[0] or 'nothing'}")


def _granted(assembly: Assembly, model: Resource, meant: _Meant, wanted: list[Resource]) -> Iterator[Finding]:
    """The server may use the key, and no other so."""
    role = role_of(assembly, model.properties.get("ExecutionRoleArn"))
    if role is None:
        return
    names = {f"<{each.name}.Arn>" for each in wanted}
    for action in sorted(meant.actions):
        granting = [each for each in statements(assembly, role) if action in each.actions and each.effect == "Allow"]
        granted = {name for each in granting for name in each.resources}
        if granted != names:
            wrong = f"the model server may {action} on {', '.join(sorted(granted)) or 'nothing'}"
            yield role.finding(_NAME, wrong, f"Grant it on {', '.join(sorted(names)) or 'nothing'}")


def _hosting(assembly: Assembly, meant: _Meant, wanted: list[Resource]) -> Iterator[Finding]:
    """Styles' own endpoints know it as the shared one does."""
    function = handlers(assembly).get("deploy_endpoint")
    text = function.properties.get("Environment", {}).get("Variables", {}).get("HOSTING") if function else None
    if function is None or text is None:
        return
    try:
        environment = Hosting.from_text(str(text)).environment
    except ValueError:  # which the check of the server's settings tells
        return
    yield from _told(assembly, function, environment, meant, wanted)
