"""What the web page (``web/``) and its host agree on: which files have a meaning, and what the page is told of its stage."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from contracts.declarations import about, text
from contracts.model import Contract

FILES = "page/"
"""Below it are the files in their bucket."""

INDEX = "index.html"
"""What is answered at the page's address itself."""

CONFIG = "config.json"
"""What the page reads first; the host writes it, and no file of ``web/`` has this name."""


class PageConfig(Contract):
    """``config.json`` of a stage's page."""

    document: ClassVar[str] = "page-config"

    stage: Annotated[str, text("a stage's name", longest=15), about("the stage that the page works on")]
    key: Annotated[str | None, about("the API key that the page uses; only on a laptop")] = None
    sign_in: Annotated[
        Mapping[str, str] | None, about("where people sign in; null where the page asks for an API key")
    ] = None
    disclosure: Annotated[Mapping[str, str], about("what whoever sees a picture is told, by language")]
    origins: Annotated[
        list[str], about("where presigned addresses lead besides the page's own origin"), Field(max_length=8)
    ]
