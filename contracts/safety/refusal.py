"""How the gates refuse: errors whose names say what was wrong, for whoever asks and for the operator's counters."""

from collections.abc import Mapping
from typing import Self

from contracts.errors import InvalidInputError


class NeverPaintedError(InvalidInputError):
    """What is never painted, or never leaves; subclasses are named in answers."""

    def in_names(self, called: Mapping[str, str]) -> Self:
        """See InvalidInputError: it stays a refusal."""
        return type(self).of(super().in_names(called).problems)


class RefusedWordsError(NeverPaintedError):
    """Words ask for what is never painted; each problem's ``reason`` says which rule they meet."""


class MaskCoversSkinError(NeverPaintedError):
    """A mask lies on bare skin where a garment was asked for."""


class MaskCoversBodyError(NeverPaintedError):
    """A mask lies on all of a person where a garment was asked for."""


class PaintedSkinError(NeverPaintedError):
    """Bare skin was painted where a garment was asked for."""


MASKS = frozenset({MaskCoversSkinError.__name__, MaskCoversBodyError.__name__})
"""Names of refusals before anything is painted."""
PAINTED = frozenset({"RefusedContentError", PaintedSkinError.__name__})
"""Names of refusals of what was painted; the first is that of a base model's own checker."""
