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
class OwnDomain:
    """The page answers at ``https://{name}/`` with ``certificate``, the ARN of one of ACM in us-east-1, where alone CloudFront looks.

    Whoever owns the name points it at the distribution, which the output ``PageTarget`` names.
    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cnames-and-https-requirements.html
    """

    name: str
    certificate: str

    def __post_init__(self) -> None:
        check_kinds(self, "own_domain")
        check_text("own_domain.name", self.name, _NAME, "a name of DNS in small letters, such as studio.example.org")
        check_text(
            "own_domain.certificate", self.certificate, _CERTIFICATE, "arn:aws:acm:us-east-1:ACCOUNT:certificate/ID"
        )


_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_NAME = rf"(?=.{{4,253}}$)({_LABEL}\.)+{_LABEL}"
_CERTIFICATE = r"arn:aws:acm:us-east-1:[0-9]{12}:certificate/[0-9a-f-]{36}"


@dataclass(frozen=True, kw_only=True)
class StagePage:
    """The page that the stage serves beside its API. Who opens it signs in where ``sign_in`` says how, and shows an API key where not.

    With ``hand_over_key`` the page is given the first client's key, so that nobody has to: for a laptop. Without an ``own_domain`` its
    address is one of CloudFront's.
    """

    hand_over_key: bool = False
    sign_in: SignIn | None = None
    own_domain: OwnDomain | None = None

    def __post_init__(self) -> None:
        check_kinds(self, "page")
        both = self.hand_over_key and self.sign_in
        check(not both, "page.hand_over_key", got=self.hand_over_key, allowed="False where people sign in")

    @property
    def origins(self) -> tuple[str, ...]:
        """Pages that may put and get by presigned addresses: all of CloudFront's, for the buckets are made before the page has its address.

        Whoever has such an address can use it without a browser: that a page may use it too opens nothing.
        """
        own = (f"https://{self.own_domain.name}",) if self.own_domain else ()
        return ("https://*.cloudfront.net", *own)

    def in_region(self, region: str) -> "StagePage | None":
        """The page as it can be served in ``region`` (empty: wherever it is deployed); ``None`` where it cannot."""
        return None if region.startswith(_WITHOUT) else self
