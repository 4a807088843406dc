"""What styles are learnt on."""

from atelier.pages import Listing, page
from atelier.sending import ask
from atelier.steps import Steps
from contracts.style_answers import BaseRevision, NamedBaseModel


def listing(*, limit: int = 20, cursor: str = "") -> Steps[Listing[BaseRevision]]:
    """The base models that the stage has, by name and revision, a page."""
    return page(BaseRevision, "/v1/base-models", limit=limit, cursor=cursor)


def get(name: str) -> Steps[NamedBaseModel]:
    """The revisions of one base model."""
    return ask(NamedBaseModel, "GET", f"/v1/base-models/{name}")
