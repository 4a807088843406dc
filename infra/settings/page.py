"""The web page of a stage: whether it is served, and who comes in."""

from dataclasses import dataclass

from infra.settings.kinds import check_kinds

_WITHOUT = ("cn-", "us-gov-")
"""Where CloudFront serves no page of ours: AWS GovCloud has none, and in China it wants a registered domain of one's own.

https://docs.amazonaws.cn/en_us/aws/latest/userguide/cloudfront.html
"""


@dataclass(frozen=True, kw_only=True)
class StagePage:
    """The page that the stage serves beside its API. Who opens it shows an API key.

    With ``hand_over_key`` the page is given the first client's key, so that nobody has to: for a laptop.
    """

    hand_over_key: bool = False

    def __post_init__(self) -> None:
        check_kinds(self, "page")

    @property
    def origins(self) -> tuple[str, ...]:
        """Pages that may put and get by presigned addresses: all of CloudFront's, for the buckets are made before the page has its address.

        Whoever has such an address can use it without a browser: that a page may use it too opens nothing.
        """
        return ("https://*.cloudfront.net",)

    def in_region(self, region: str) -> "StagePage | None":
        """The page as it can be served in ``region`` (empty: wherever it is deployed); ``None`` where it cannot."""
        return None if region.startswith(_WITHOUT) else self
