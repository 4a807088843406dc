"""The server's settings, read from its environment."""

from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator

from contracts.declarations import bounds
from contracts.disclosure import TEXTS, Texts, read_texts
from contracts.errors import InvalidInputError
from contracts.layout import S3Uri
from contracts.people import ConsentRule
from contracts.safety.rules import SafetyRules
from contracts.settings import EnvironmentSettings
from contracts.work import FASTEST


def _prefix(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if not value.endswith("/"):
        raise InvalidInputError("prefix", got=value, allowed="an S3 prefix that ends in a slash")
    return S3Uri.parse(value)


def _model_folder(value: Any) -> Any:
    return Path(value) / "model" if isinstance(value, str) else value


_Prefix = Annotated[S3Uri | None, BeforeValidator(_prefix)]


def _texts(value: Any) -> Any:
    return read_texts(value) if isinstance(value, str) else value


def _rules(value: Any) -> Any:
    return SafetyRules.from_text(value) if isinstance(value, str) else value


def _address(value: Any) -> Any:
    try:
        return str(ip_address(value))
    except ValueError as error:
        raise InvalidInputError(
            "address", got=value, allowed="an IP address of this machine, or 0.0.0.0 for all"
        ) from error


class Settings(EnvironmentSettings):
    """The server's settings. A location of ``None`` switches off what needs it, and a request for it says so.

    ``model`` holds a base model's prefix or a full fine-tune's; ``adapter_mib`` bounds the styles held on the model's
    device, ``host_adapter_mib`` those in the CPU's memory: a style of Stable Diffusion 1.5 takes 16 MiB in half precision, of rank 8 on
    every layer that our training takes, and 3 MiB on its attention alone. So 64 and 128 fit. ``requests`` is where
    the HTTP API keeps the requests whose answers somebody waits for, ``progress`` where it reads how far they are. ``pixels_per_second``
    and ``tile_pixels_per_second`` are those of ``contracts.work.Pace``: a request that takes too long is refused. Without them none is.
    ``disclosure`` is what people are told who see pictures (``contracts.disclosure.Texts`` as JSON).
    ``service`` is the dimension of the metrics that are written; without it none are.
    ``consent`` says whether pictures of people are taken without a reference of what they have agreed to.
    ``real_time`` says that answers are to come at once, and bounds them more. ``signing_key`` is the ARN of the key in KMS
    that signs pictures' manifests, and ``certificates`` where its certificates lie; without a key pictures have no manifest. Pictures say
    what they were asked for where ``prompt_in_pictures`` is true. ``mark_key`` is the ARN of the key in KMS of which the invisible
    mark's is made; without it pictures hold no mark.
    ``safety`` is what is refused whoever asks; by default everything that a stage may refuse.
    """

    variables: ClassVar[Mapping[str, str]] = {
        "model": "ATELIER_ML_ROOT",
        "port": "SAGEMAKER_BIND_TO_PORT",
        "host": "ATELIER_HOST",
        "segmenter": "ATELIER_SEGMENTER_URI",
        "upscaler": "ATELIER_UPSCALER_URI",
        "styles": "ATELIER_STYLES_URI",
        "uploads": "ATELIER_UPLOADS_URI",
        "requests": "ATELIER_REQUESTS_URI",
        "progress": "ATELIER_PROGRESS_URI",
        "pixels_per_second": "ATELIER_PIXELS_PER_SECOND",
        "tile_pixels_per_second": "ATELIER_TILE_PIXELS_PER_SECOND",
        "real_time": "ATELIER_REAL_TIME",
        "service": "ATELIER_SERVICE",
        "disclosure": "ATELIER_DISCLOSURE",
        "consent": "ATELIER_CONSENT",
        "safety": "ATELIER_SAFETY",
        "adapter_mib": "ATELIER_ADAPTER_MIB",
        "host_adapter_mib": "ATELIER_HOST_ADAPTER_MIB",
        "signing_key": "ATELIER_SIGNING_KEY",
        "certificates": "ATELIER_CERTIFICATES_URI",
        "prompt_in_pictures": "ATELIER_PROMPT_IN_PICTURES",
        "mark_key": "ATELIER_MARK_KEY",
    }

    model: Annotated[Path, BeforeValidator(_model_folder)] = Path("/opt/ml/model")
    port: Annotated[int, bounds(1, 65_535)] = 8080
    # SageMaker calls from outside of the container; whoever runs the server elsewhere says whom it listens to.
    host: Annotated[str, BeforeValidator(_address)] = "0.0.0.0"  # noqa: S104
    segmenter: _Prefix = None
    upscaler: _Prefix = None
    styles: _Prefix = None
    uploads: _Prefix = None
    requests: _Prefix = None
    progress: _Prefix = None
    service: str = ""
    disclosure: Annotated[Texts, BeforeValidator(_texts)] = TEXTS
    consent: ConsentRule = "optional"
    safety: Annotated[SafetyRules, BeforeValidator(_rules)] = SafetyRules()
    pixels_per_second: Annotated[int, bounds(1, FASTEST)] = FASTEST
    tile_pixels_per_second: Annotated[int, bounds(1, FASTEST)] = FASTEST
    real_time: bool = False
    adapter_mib: Annotated[int, bounds(16, 65_536)] = 1_024
    host_adapter_mib: Annotated[int, bounds(16, 65_536)] = 2_048
    signing_key: str = ""
    certificates: _Prefix = None
    prompt_in_pictures: bool = False
    mark_key: str = ""

    @property
    def prefixes(self) -> list[S3Uri]:
        """All locations below which the server may read and write."""
        named = (
            self.segmenter,
            self.upscaler,
            self.styles,
            self.uploads,
            self.requests,
            self.progress,
            self.certificates,
        )
        return [prefix for prefix in named if prefix]
