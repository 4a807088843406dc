"""Every number by which something is refused, in one place."""

from dataclasses import dataclass, replace

from contracts.safety.rules import SafetyRules


@dataclass(frozen=True, kw_only=True)
class SkinThresholds:
    """How much skin may be under a mask before painting, and in what was painted: shares, 0 to 1, of which a smaller one is stricter.

    What was painted in a mask is looked at closely where what may be skin, by its colour, is more than ``painted_share`` of it. *Bare* is
    what is skin then: see ``imaging.bareness``. It is looked for where the photo has a garment, or in all of the mask where garments are
    seen on less than ``dressed`` of it. There more than ``painted_share`` may not be bare, if that is more than ``painted_bare`` of what
    was painted on the person, garment and bare skin. What has a skin's colour is bare up to ``own`` from the tone of the person's own in
    CIELAB, of which a larger one is stricter; up to twice that where the own varies so much.

    A mask is refused where ``mask_bare`` of it is bare, if that is at least ``mask_area`` of the picture: a hand or a foot may be dressed.
    So is one that covers ``body_area`` of the picture and leaves less than ``body_outside`` of a person outside, where a person's skin is
    seen on ``body_seen`` of it. Where nobody is seen, it is one of which ``body_bare`` is bare, and that leaves less than ``skin_outside``
    of what that is outside.
    """

    painted_share: float = 0.25
    painted_bare: float = 0.6
    own: float = 3.5
    dressed: float = 0.1
    mask_bare: float = 0.8
    mask_area: float = 0.03
    body_area: float = 0.2
    body_seen: float = 0.02
    body_outside: float = 0.05
    body_bare: float = 0.08
    skin_outside: float = 0.03

    def of_stage(self, rules: SafetyRules) -> "SkinThresholds":
        """Those of a stage: swimwear and underwear, which it may sell, are worn on much bare skin; and it may allow less than the gate."""
        sold = replace(self, painted_bare=0.9, mask_bare=0.92, body_seen=0.8, body_bare=0.8) if rules.sells else self
        most = rules.most_bare
        return replace(sold, painted_bare=min(sold.painted_bare, most), mask_bare=min(sold.mask_bare, most))

    def within(self, spread: float, seen_as_skin: float) -> float:
        """Up to which distance from a person's own skin what was painted is bare.

        ``spread`` is the own's, ``seen_as_skin`` the share of what was painted that a segmenter takes for skin rather than for a garment.
        """
        return min(max(self.own, spread), 2 * self.own) * min(0.6 + 2 * seen_as_skin, FARTHEST)


FARTHEST = 1.2
"""Times the distance up to which colours are of somebody's own skin, where a segmenter sees skin."""
SKIN = SkinThresholds()
SEEN = 0.4
"""Probability from which the segmenter is taken to see a garment: that of the outlines of its masks. A larger one is stricter."""

FEWEST_LETTERS_APART = 3
"""Letters that stand alone one after another and are read as one word: ``n u d e``."""
LONGEST_JOINED = 16
"""Letters of two or three pieces that are tried as one word: ``und ress``."""
LONGEST_GLUED = 40
"""Letters of a token that is taken apart into words: ``removeherclothes``."""
SHORTEST_MISSPELT = 5
"""Letters of a word of which one may be missing, or two have changed places: ``undres``."""
ADULT = 18
"""Years. Who is younger, or is called a child, is shown in ordinary garments only."""
FEWEST_GARMENTS_AWAY = 3
"""Garments in a negative prompt, one of them intimate, which together ask for nobody to be dressed."""
