"""Which role may do what, and which key encrypts what, as the templates of stage ``prod`` say."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from docs.markdown import table
from infra.gate.assembly import Assembly, Resource
from infra.gate.roles import listed, statements

PAGE = Path(__file__).resolve().parent / "rights.md"
_ROLE, _KEY, _LOG_GROUP = "AWS::IAM::Role", "AWS::KMS::Key", "AWS::Logs::LogGroup"
_GENERAL = ("Buckets", "Function", "Handler", "Handlers", "Machine", "Queue", "Role", "Table")
"""Parts of construct paths that say no more than the type does."""

_ACCOUNT = re.compile(r"arn:aws:[a-z0-9-]+:[a-z0-9-]*:\d*:")
_IMAGES = re.compile(r"repository/cdk-\w+-container-assets-\d+-[a-z0-9-]+")
_ASSETS = re.compile(r"arn:aws:s3:::cdk-\w+-assets-\d+-[a-z0-9-]+/\w+\.zip")
"""Their names say where a stage is deployed, and by which bootstrap; an asset's what is in it."""

_KINDS: Mapping[str, str] = {
    "AWS::S3::Bucket": "bucket",
    "AWS::DynamoDB::Table": "table",
    "AWS::SNS::Topic": "topic",
    "AWS::SQS::Queue": "queue",
    _LOG_GROUP: "log group",
    "AWS::StepFunctions::StateMachine": "state machine",
}
_KEYS: Mapping[str, str] = {"SIGN_VERIFY": "the key that signs", "GENERATE_VERIFY_MAC": "the key of marks"}
_ONLY: Mapping[str, str] = {"AWS::SageMaker::Endpoint": "the shared endpoint"}
"""Of which a stage has one, however its construct is called."""

_STORING = ("AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::SNS::Topic", "AWS::SQS::Queue")
"""What holds data in a template, log groups aside. Volumes and results of jobs and endpoints are made by runs."""

Right = tuple[str, str]
"""An action, and what it may be done on."""


def page(assembly: Assembly) -> str:
    """The page."""
    rights = {
        role.path: set(_rights(assembly, role)) for role in sorted(assembly.of(_ROLE), key=lambda each: each.path)
    }
    functions = [role.path for role in assembly.of(_ROLE) if _trusted(role) == "lambda.amazonaws.com"]
    inside = [path for path in functions if any(action.startswith("ec2:") for action, _ in rights[path])]
    everywhere = set.intersection(*(rights[path] for path in functions))
    joining = set.intersection(*(rights[path] for path in inside)) - everywhere
    outside = ", ".join(f"`{_title(path)}`" for path in functions if path not in inside)
    sections = "\n\n".join(
        _section(role, rights[role.path] - (everywhere | joining if role.path in functions else set()))
        for role in sorted(assembly.of(_ROLE), key=lambda each: each.path)
    )
    return f"""# Rights and keys of stage `prod`

Written by `make docs` from the templates of `prod`: every role, who assumes it, and everything that it may do, and on what.
Whatever is not here is refused. The local cloud enforces the same roles. [security.md](security.md) says what this is for.

## What is encrypted with what

{table(["key", "what"], list(_keys(assembly)))}

## Every function

Each function has a role of its own, and each of them may:

{_listed(everywhere)}

Those in the stage's network, which are all but {outside}, may besides:

{_listed(joining)}

{sections}
"""


def _section(role: Resource, rights: set[Right]) -> str:
    managed = {
        (f"what {arn.rpartition('/')[2]} allows", "whatever AWS says there")
        for arn in role.properties.get("ManagedPolicyArns", [])
    }
    return f"## `{_title(role.path)}`\n\nAssumed by {_who(role)}. It may:\n\n{_listed(rights | managed)}"


def _title(path: str) -> str:
    return path.removesuffix("/Role").removesuffix("/Handler")


def _trusted(role: Resource) -> str:
    (statement,) = listed(role.properties["AssumeRolePolicyDocument"]["Statement"])
    return str(statement["Principal"]["Service"])


def _who(role: Resource) -> str:
    (statement,) = listed(role.properties["AssumeRolePolicyDocument"]["Statement"])
    conditions = _conditions(statement.get("Condition", {}))
    return f"`{_trusted(role)}`{', for this account only' if 'aws:SourceAccount' in conditions else conditions}"


def _rights(assembly: Assembly, role: Resource) -> Iterator[Right]:
    """What a role's policies allow. Raises ValueError for a statement that denies: the page has no words for it."""
    own = role.path.removesuffix("/Role")
    for statement in statements(assembly, role):
        if statement.effect != "Allow":
            raise ValueError(f"{statement.policy.name}: got {statement.effect}; allowed: statements that allow")
        where = _conditions(statement.conditions)
        places = (f"{_place(assembly, own, text)}{where}" for text in statement.resources)
        yield from ((action, place) for place in places for action in statement.actions)


def _place(assembly: Assembly, own: str, text: str) -> str:
    """What a resource of a policy is: the construct that it names, or an ARN without its account."""
    found = assembly.referenced(text)
    if text == "*":
        return "anything: these actions take no resource, or none that has a name before the call"
    if not found and _ASSETS.fullmatch(text):
        return "its own asset, in the bucket of CDK's bootstrap"
    if not found:
        return "the repository of images" if _IMAGES.search(text) else f"`{_ACCOUNT.sub('', text)}`"
    before, rest = re.split(r"<[^>]+>", text, maxsplit=1)
    inside = f" `{rest.removeprefix('/')}`" if rest else ""
    return (
        f"`{_ACCOUNT.sub('', before)}` of {_name(found[0], own)}{inside}"
        if before
        else f"{_name(found[0], own)}{inside}"
    )


def _name(resource: Resource, own: str = "") -> str:
    """``Storage/Buckets/Media`` is the bucket Media; what lies below the role's own construct is its own."""
    kind = _KINDS.get(resource.kind, resource.kind.rpartition("::")[2].lower())
    if own and resource.path.startswith(f"{own}/"):
        return f"its own {kind}"
    parts = [part for part in resource.path.split("/")[1:] if part not in _GENERAL]
    if resource.kind == _KEY:
        return _KEYS.get(resource.properties.get("KeyUsage", ""), "the stage's key")
    if resource.kind in _ONLY:
        return _ONLY[resource.kind]
    return f"the {kind} {'/'.join(parts)}" if parts else f"the {kind} of stack {resource.stack}"


def _conditions(conditions: Mapping[str, Any]) -> str:
    wanted = [
        f"`{key}` is {' or '.join(f'`{value}`' for value in listed(values))}"
        for pairs in conditions.values()
        for key, values in pairs.items()
    ]
    return f", where {' and '.join(wanted)}" if wanted else ""


def _listed(rights: set[Right]) -> str:
    """A line for each set of actions that may be done on the same."""
    places: dict[str, set[str]] = defaultdict(set)
    for action, place in rights:
        places[action].add(place)
    actions: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for action in sorted(places):
        actions[tuple(sorted(places[action]))].append(action)
    lines = [f"- {', '.join(f'`{each}`' for each in some)}: {'; '.join(where)}" for where, some in actions.items()]
    return "\n".join(lines) or "- nothing more"


def _keys(assembly: Assembly) -> Iterator[list[str]]:
    """What each key encrypts. Raises ValueError for something that no key encrypts."""
    found: dict[str, list[str]] = defaultdict(list)
    for resource in assembly.of(*_STORING):
        found[_key(resource)].append(_name(resource).removeprefix("the "))
    for key, count in Counter(map(_key, assembly.of(_LOG_GROUP))).items():
        found[key].append(f"{count} log groups")
    yield from ([key, ", ".join(names)] for key, names in sorted(found.items()))


def _key(resource: Resource) -> str:
    text = str(resource.properties)
    if "/BucketsKey" in text:
        return "the stage's own key (KMS, rotated every year)"
    if "AES256" in text:
        return "S3's key (log delivery can use no other, and the page's files are public)"
    if "SqsManagedSseEnabled': True" in text:
        return "SQS's key (SNS and EventBridge deliver dead letters)"
    raise ValueError(f"{resource.name}: got no key; allowed: the stage's, or one that the page gives a reason for")
