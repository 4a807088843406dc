"""What a stage says of the gate: what it sells, what it refuses besides, and what it no longer looks for."""

from collections.abc import Iterable
from typing import Annotated, Literal, get_args

from contracts.declarations import bounds, listed, text
from contracts.model import Contract

Sold = Literal["swimwear", "underwear"]
Words = Literal["nudity", "undressing", "minors", "person", "swimwear", "underwear", "stage"]
SOLD: tuple[Sold, ...] = get_args(Sold)


class SafetyRules(Contract):
    """The gate of a stage. By default it is closed: nothing is sold that shows a body, and everything is looked for."""

    document = "safety rules"

    sells: Annotated[tuple[Sold, ...], listed("what the stage sells, so that it may be painted")] = ()
    also_refused: Annotated[
        tuple[Annotated[str, text("words", longest=80)], ...], listed("words that are refused besides")
    ] = ()
    unchecked: Annotated[
        tuple[Literal["nudity", "undressing", "person"], ...], listed("what words are not looked through for")
    ] = ()
    most_bare: Annotated[
        float, bounds(0.1, 1, "share of a mask, and of what is painted on a person, that may be bare skin at most")
    ] = 1.0
    """It tightens: where the gate's own number is smaller, that counts."""

    def looks_for(self, kind: Words) -> bool:
        """Whether requests of this kind are refused."""
        return kind not in (*self.sells, *self.unchecked)

    @property
    def loosened(self) -> tuple[str, ...]:
        """What the stage lets through that others refuse, in words; empty where nothing is."""
        return tuple(_told(self.sells, "sells {}: people in it are painted")) + tuple(
            _told(self.unchecked, "does not look through words for {}")
        )


CLOSED = SafetyRules()
"""Of a stage that says nothing."""


def _told(names: Iterable[str], sentence: str) -> Iterable[str]:
    return (sentence.format(name) for name in names)
