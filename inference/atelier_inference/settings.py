"""The server's settings, read from its environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from contracts.errors import InvalidInputError
from contracts.fields import Check, integer
from contracts.layout import S3Uri


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The server's settings. A location of ``None`` switches off what needs it, and a request for it says so.

    ``model`` holds a base model's prefix or a full fine-tune's; ``max_adapters`` bounds the styles held in memory.
    """

    model: Path
    port: int = 8080
    segmenter: S3Uri | None = None
    upscaler: S3Uri | None = None
    styles: S3Uri | None = None
    uploads: S3Uri | None = None
    max_adapters: int = 4

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Read the variables that docs/architecture.md lists. Raises InvalidInputError for a bad value."""
        return cls(
            model=Path(environment.get("ATELIER_ML_ROOT", "/opt/ml")) / "model",
            port=_number(environment, "SAGEMAKER_BIND_TO_PORT", 8080, integer(1, 65_535)),
            segmenter=_prefix(environment, "ATELIER_SEGMENTER_URI"),
            upscaler=_prefix(environment, "ATELIER_UPSCALER_URI"),
            styles=_prefix(environment, "ATELIER_STYLES_URI"),
            uploads=_prefix(environment, "ATELIER_UPLOADS_URI"),
            max_adapters=_number(environment, "ATELIER_MAX_ADAPTERS", 4, integer(1, 64)),
        )


def _prefix(environment: Mapping[str, str], name: str) -> S3Uri | None:
    value = environment.get(name, "")
    if not value:
        return None
    uri = S3Uri.parse(value, where=name)
    if not uri.key.endswith("/"):
        raise InvalidInputError(name, got=value, allowed="an S3 prefix that ends in a slash")
    return uri


def _number(environment: Mapping[str, str], name: str, default: int, check: Check) -> int:
    value = environment.get(name, "")
    return int(check(name, int(value) if value.isdecimal() else value)) if value else default
