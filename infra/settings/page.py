"""The web page of a stage: whether it is served, and who comes in."""

from dataclasses import dataclass

from infra.settings.kinds import check_kinds
from infra.settings.validation import check, check_text

_WITHOUT = ("cn-", "us-gov-")
"""Where CloudFront serves no page of ours: AWS GovCloud has none, and in China it wants a registered domain of one's own.

https://docs.amazonaws.cn/en_us/aws/latest/userguide/cloudfront.html
"""


@dataclass(frozen=True, kw_only=True)
class SignIn:
    """People sign in with Cognito, at ``{domain}.auth.{region}.amazoncognito.com``; somebody of the account makes their users.

    Each of them is a client of the API: what they make is theirs. ``domain`` is one's own in the region, among all accounts.
    """

    domain: str

    def __post_init__(self) -> None:
        check_kinds(self, "sign_in")
        check_text("sign_in.domain", self.domain, _DOMAIN, _DOMAIN_RULE)


_DOMAIN = r"(?!.*(aws|amazon|cognito))[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN_RULE = "1 to 63 of a-z, 0-9 and inner hyphens, without aws, amazon and cognito in it"


@dataclass(frozen=True, kw_only=True)
class StagePage:
    """The page that the stage serves beside its API. Who opens it signs in where ``sign_in`` says how, and shows an API key where not.

    With ``hand_over_key`` the page is given the first client's key, so that nobody has to: for a laptop.
    """

    hand_over_key: bool = False
    sign_in: SignIn | None = None

    def __post_init__(self) -> None:
        check_kinds(self, "page")
        both = self.hand_over_key and self.sign_in
        check(not both, "page.hand_over_key", got=self.hand_over_key, allowed="False where people sign in")

    @property
    def origins(self) -> tuple[str, ...]:
        """Pages that may put and get by presigned addresses: all of CloudFront's, for the buckets are made before the page has its address.

        Whoever has such an address can use it without a browser: that a page may use it too opens nothing.
        """
        return ("https://*.cloudfront.net",)

    def in_region(self, region: str) -> "StagePage | None":
        """The page as it can be served in ``region`` (empty: wherever it is deployed); ``None`` where it cannot."""
        return None if region.startswith(_WITHOUT) else self
