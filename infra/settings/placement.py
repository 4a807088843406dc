"""Where a stage may be deployed, and what the organisation that owns the account asks of every stack there."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from infra.settings.kinds import check_kinds
from infra.settings.validation import check, check_text

_PATTERNS = {
    "account": (r"[0-9]{12}", "the 12 digits of an AWS account, or nothing"),
    "region": (r"[a-z]{2}(-[a-z]+)+-[0-9]", "a region such as eu-west-1, or nothing"),
    "qualifier": (r"[a-z0-9]{1,10}", "1 to 10 of a-z, 0-9, or nothing"),
    "permissions_boundary": (r"[\w+=,.@-]{1,128}", "the name of a managed policy, or nothing"),
    "owner": (r"[\w .:/=+@-]{1,256}", "what a tag may hold, or nothing"),
    "cost_center": (r"[\w .:/=+@-]{1,256}", "what a tag may hold, or nothing"),
}


@dataclass(frozen=True, kw_only=True)
class Placement:
    """``account`` and ``region`` are the only ones the stage may be deployed to; without them it goes where the caller's credentials do.

    ``qualifier`` is that of the account's CDK bootstrap where it is not CDK's own; ``permissions_boundary`` names a managed policy that
    every role gets. ``owner`` and ``cost_center`` become tags, also of what executions make. ``protected`` stacks cannot be deleted before
    they are deployed without it.
    """

    account: str = ""
    region: str = ""
    qualifier: str = ""
    permissions_boundary: str = ""
    owner: str = ""
    cost_center: str = ""
    protected: bool = False

    def __post_init__(self) -> None:
        check_kinds(self, "placement")
        for name, (pattern, allowed) in _PATTERNS.items():
            if value := getattr(self, name):
                check_text(f"placement.{name}", value, pattern, allowed)

    def with_context(self, value_of: Callable[[str], object]) -> "Placement":
        """The same, with what the CDK's context says by the names above: ``--context account=111122223333``. Raises ValueError."""
        values: dict[str, Any] = {name: str(value) for name in _PATTERNS if (value := value_of(name)) is not None}
        return replace(self, **values)

    def require_account(self) -> None:
        """Raises ValueError where a protected stage could be deployed to any account."""
        allowed = "the account of this protected stage: placement.account in infra/config.py, or make's CONTEXT=account=111122223333"
        check(bool(self.account) or not self.protected, "placement.account", got=self.account, allowed=allowed)

    @property
    def tags(self) -> dict[str, str]:
        """Owner and cost centre, where they are known."""
        known = {"atelier:owner": self.owner, "atelier:cost-center": self.cost_center}
        return {key: value for key, value in known.items() if value}
