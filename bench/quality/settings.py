"""The settings that are compared: the one that all others are measured against, candidates, and what the catalogue chose of them."""

from collections.abc import Mapping

from contracts.sampling import Sampling, guided_steps
from models.catalogue import find

REFERENCE = "ddim 20 guided throughout"
DEFAULT, FAST = "default", "fast"
_BASE = find("tiny-inpaint")
_GUIDANCE = _BASE.sampling.guidance


def settings() -> Mapping[str, Sampling]:
    """By name, the reference first. ``default`` and ``fast`` are the catalogue's."""
    fast = _BASE.fast_sampling
    assert fast is not None
    return {
        REFERENCE: Sampling(steps=20, guidance=_GUIDANCE),
        "unipc 10, 0.4": Sampling(steps=10, guidance=_GUIDANCE, scheduler="unipc", guidance_until=0.4),
        "unipc 8, 0.4": Sampling(steps=8, guidance=_GUIDANCE, scheduler="unipc", guidance_until=0.4),
        "unipc 5, 0.4": Sampling(steps=5, guidance=_GUIDANCE, scheduler="unipc", guidance_until=0.4),
        "dpm++2m 6, 0.5": Sampling(steps=6, guidance=_GUIDANCE, scheduler="dpm++2m", guidance_until=0.5),
        "ddim 6, 0.5": Sampling(steps=6, guidance=_GUIDANCE, scheduler="ddim", guidance_until=0.5),
        DEFAULT: _BASE.sampling,
        FAST: fast,
        "unipc 3, 0.34": Sampling(steps=3, guidance=_GUIDANCE, scheduler="unipc", guidance_until=0.34),
    }


def rows(sampling: Sampling) -> int:
    """Rows of the denoiser for a picture."""
    return sampling.steps + guided_steps(sampling.steps, sampling.guidance_until)
