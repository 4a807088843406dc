"""Where templates are deployed: what their pseudo parameters mean there, and what they may say in its stead."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from botocore.loaders import Loader

_ANY_ACCOUNT, _ANY_REGION = "123456789012", "us-east-1"
"""Read in place of those that a template leaves open: any would do."""


@dataclass(frozen=True, kw_only=True)
class Location:
    """The account and the region that a stage is pinned to, each empty where the stage goes wherever the caller's credentials do."""

    pinned_account: str = ""
    pinned_region: str = ""

    @classmethod
    def read(cls, folder: Path) -> "Location":
        """Where the assembly in ``folder`` is deployed, as CDK says it of each stack: ``aws://111122223333/unknown-region``."""
        manifest = folder / "manifest.json"
        read = json.loads(manifest.read_text(encoding="utf-8")) if manifest.is_file() else {}
        named = (each.get("environment") for each in read.get("artifacts", {}).values())
        environment = next(filter(None, named), "aws://unknown-account/unknown-region")
        account, region = environment.removeprefix("aws://").split("/")
        return cls(
            pinned_account="" if account == "unknown-account" else account,
            pinned_region="" if region == "unknown-region" else region,
        )

    @property
    def account(self) -> str:
        """The account that references are read with."""
        return self.pinned_account or _ANY_ACCOUNT

    @property
    def region(self) -> str:
        """The region that references are read with."""
        return self.pinned_region or _ANY_REGION

    @property
    def partition(self) -> str:
        """``aws``, ``aws-cn`` or ``aws-us-gov``. Raises ValueError."""
        return _partition(self.region)[0]

    @property
    def pseudo_parameters(self) -> Mapping[str, str]:
        """What CloudFormation puts in their place."""
        partition, url_suffix = _partition(self.region)
        return {
            "AWS::Partition": partition,
            "AWS::Region": self.region,
            "AWS::AccountId": self.account,
            "AWS::URLSuffix": url_suffix,
            "AWS::StackName": "stack",
            "AWS::StackId": self.arn("cloudformation", "stack/stack/1"),
        }

    def arn(self, service: str, resource: str) -> str:
        """An ARN of this account and region; ``resource`` is what follows them."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"


@cache
def _partition(region: str) -> tuple[str, str]:
    """The partition that a region is in, and the end of its hosts' names. Raises ValueError for no region's name."""
    for partition in Loader().load_data("partitions")["partitions"]:
        if re.fullmatch(partition["regionRegex"], region):
            return str(partition["id"]), str(partition["outputs"]["dnsSuffix"])
    raise ValueError(f"region: got {region!r}; allowed: one that the installed botocore knows the partition of")
