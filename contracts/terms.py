"""On what terms a model may be used, and whether anybody should still begin with it."""

from typing import Annotated, Literal

from contracts.declarations import about, text

YesOrNo = Literal["yes", "no"]

Commercial = Annotated[
    YesOrNo,
    about("whether pictures that it paints may be used commercially; no: its licence forbids it, or nobody has said"),
]
Restricted = Annotated[
    bool, about("whether its licence lists uses that are forbidden to whoever serves it, and to whoever asks it")
]
Licence = Annotated[str, text("a licence's name", longest=80)]
LicenceText = Annotated[str, about("address of the licence's own text")]
ModelStage = Annotated[
    Literal["stable", "preview", "deprecated"],
    about(
        "stable: meant for work; preview: may change or go; deprecated: whoever made it has withdrawn it, so that nothing new should "
        "begin with it"
    ),
]
Retires = Annotated[
    str | None,
    text("a date", longest=10, pattern=r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
    about("the day from which it is not to be used any more; left out: none is set", unit="ISO 8601"),
]


def in_words(commercial: str, *, restricted: bool) -> str:
    """What a licence lets people do with pictures, for a table."""
    if commercial != "yes":
        return "not commercial"
    return "commercial with use restrictions" if restricted else "commercial"
