"""Stage ``prod`` against cdk-nag's pack of NIST 800-53 revision 5, with what each open finding is accepted for.

The pack is a report, not a part of the gate: it asks of every resource alike what some of ours have no use for.
"""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from docs.markdown import table

if TYPE_CHECKING:
    from constructs import IConstruct  # starts Node.js

PAGE = Path(__file__).resolve().parent / "nist-800-53.md"
STAGE = "prod"
_PACK = "NIST.800.53.R5-"

ACCEPTED: Mapping[str, str] = {
    "APIGWCacheEnabledAndEncrypted": "Nothing may be cached: each answer is one caller's, and its addresses expire. The cache is also "
    "billed by the hour.",
    "APIGWSSLEnabled": "A client certificate proves API Gateway to a backend that it reaches over the network; this backend "
    "is a Lambda, called with IAM.",
    "DynamoDBInBackupPlan": "Point-in-time recovery restores any second of the last 35 days. Records live for 7 days at most.",
    "EC2RestrictedCommonPorts": "Hosts of one job reach each other on every port, which EFA and encrypted traffic between them require: "
    "the rule lets in members of its own security group, and nobody else.",
    "IAMNoInlinePolicy": "Each role has one policy of its own, made with it and used by nobody else: a managed policy would be "
    "one more thing to attach elsewhere.",
    "LambdaConcurrency": "The functions share the account's limit, whose throttles have an alarm. A limit for each would "
    "refuse calls while others are idle.",
    "LambdaDLQ": "The functions that are called asynchronously have a failure destination (a queue with an alarm), "
    "which keeps the reason too; the others are called by API Gateway, Step Functions or CloudFormation, "
    "which see the error themselves.",
    "LambdaInsideVPC": "Handlers to whose needs the stage's network has no way. One fetches base models from hubs on the internet, and "
    "may read and write the mirrored models only; one asks the API's function for the items of batches, and may use the table and "
    "answer batches' tokens besides; one writes the page's files, and answers CloudFormation.",
    "S3BucketReplicationEnabled": "Data and models are versioned and kept; pictures expire. A copy in another region is a decision "
    "about where customers' photos may lie, which this project cannot make.",
    "S3BucketVersioningEnabled": "Media holds photos of people, which must be gone when they are deleted or expire; the log bucket is "
    "only appended to, and the page's files are written anew by each deployment.",
    "S3DefaultEncryptionKMS": "Of the bucket that receives access logs: S3's log delivery supports only keys of S3's own; and of the "
    "bucket of the page's files, which everybody may read.",
    "VPCDefaultSecurityGroupClosed": "Nothing is in the default group, and it lets in its own members only. No template can close it: the "
    "CDK's way is a function with rights on security groups.",
}
"""Why each open rule of the pack is accepted, by its name without the pack's prefix."""


def findings(scope: "IConstruct") -> dict[str, list[str]]:
    """The paths of the constructs that break a rule, by its name."""
    # Loading the rules takes as long as a stack: who only reads the acceptances does not pay for it.
    from cdk_nag import NIST80053R5Checks

    found: dict[str, list[str]] = defaultdict(list)
    for violation in NIST80053R5Checks().validate_scope(scope).violations:
        rule = violation.rule_name.partition("[")[0].removeprefix(_PACK)
        found[rule] += [each.construct_path or "" for each in violation.violating_resources]
    return dict(found)


def page(found: Mapping[str, list[str]]) -> str:
    """The page. Raises ValueError where a finding has no reason, or a reason no finding."""
    if unlike := set(found) ^ set(ACCEPTED):
        raise ValueError(f"docs/nist.py: got {', '.join(sorted(unlike))}; allowed: one reason for each open rule")
    rows = [[f"`{rule}`", _places(found[rule]), ACCEPTED[rule]] for rule in sorted(found)]
    return f"""# Stage `{STAGE}` against NIST 800-53, revision 5

cdk-nag's pack of rules asked about the templates of `{STAGE}`: what is open, and why. Every other rule of the pack holds.
This page is written by `make docs`; it says what the templates are, and makes nobody compliant.

{table(["rule", "resources", "accepted because"], rows)}
"""


def _places(paths: list[str]) -> str:
    """The only resource, or how many there are in which stacks."""
    if len(paths) == 1:
        return f"`{paths[0].removesuffix('/Resource')}`"
    stacks = sorted({path.partition("/")[0] for path in paths})
    return f"{len(paths)} in {', '.join(stacks)}"
