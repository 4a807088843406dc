"""How the gates refuse: errors whose names say what was wrong, for whoever asks and for the operator's counters."""

from contracts.errors import InvalidInputError


class NeverPaintedError(InvalidInputError):
    """What is never painted, or never leaves; subclasses are named in answers."""


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
