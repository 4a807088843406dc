"""The licences of the base models: what each lets people do, and where that is written.

Facts, as read on 2026-11-27; nobody's legal advice. ``docs/law.md`` says what follows for whoever runs a stage.
"""

from dataclasses import dataclass

from contracts.terms import YesOrNo


@dataclass(frozen=True, kw_only=True)
class Licence:
    """One licence, at one version of its text.

    ``commercial`` says whether pictures may be used commercially; ``restricted``, whether its text lists uses that are forbidden, which
    whoever offers the model to others must forbid them, too. ``text`` is its address.
    """

    name: str
    text: str
    commercial: YesOrNo
    restricted: bool = False


APACHE_2 = Licence(name="Apache-2.0", text="https://www.apache.org/licenses/LICENSE-2.0", commercial="yes")

BSD_3 = Licence(name="BSD-3-Clause", text="https://opensource.org/license/bsd-3-clause", commercial="yes")

# "a perpetual, worldwide, non-exclusive, no-charge, royalty-free, irrevocable copyright license to reproduce, prepare, publicly display
# […] the Model" (2), which "may host for Third Party remote access purposes" (4); "Licensor claims no rights in the Output" (6). But "You
# shall require all of Your users who use the Model […] to comply with the terms of this paragraph" (5): the uses that Attachment A forbids.
OPENRAIL_M = Licence(
    name="CreativeML OpenRAIL-M",
    text="https://huggingface.co/spaces/CompVis/stable-diffusion-license",
    commercial="yes",
    restricted=True,
)
"""Of August 22, 2022: Stable Diffusion 1."""

OPENRAIL_PP_M = Licence(
    name="CreativeML Open RAIL++-M",
    text="https://github.com/Stability-AI/stablediffusion/blob/main/LICENSE-MODEL",
    commercial="yes",
    restricted=True,
)
"""Of November 24, 2022: Stable Diffusion 2 and its upscaler. The paragraphs are those quoted above."""

SDXL_OPENRAIL_PP_M = Licence(
    name="CreativeML Open RAIL++-M",
    text="https://huggingface.co/stabilityai/stable-diffusion-xl-base-1.0/blob/main/LICENSE.md",
    commercial="yes",
    restricted=True,
)
"""Of July 26, 2023: Stable Diffusion XL."""
