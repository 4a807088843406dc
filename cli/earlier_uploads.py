"""What an earlier upload left in a style's data set: learnt too, or deleted, but never without a word."""

from collections.abc import Container

from atelier import Atelier
from atelier.errors import NotFoundError
from contracts.dataset_files import listed
from contracts.errors import InvalidInputError
from contracts.file_answers import StoredFile
from contracts.queries import LONGEST_LIST

ADD, REPLACE = "add", "replace"


def settle_others(client: Atelier, style: str, paths: Container[str], others: str) -> None:
    """What an earlier upload left in the style's data set beside the folder's ``paths``: ``replace`` deletes it, ``add`` lets it be learnt.

    Raises InvalidInputError where there is some and neither is said: nobody sees on which pictures a style was learnt.
    """
    found = [file for file in _stored(client, style) if file.name not in paths]
    if found and others not in (ADD, REPLACE):
        got = f"of an earlier upload {listed([file.name for file in found])}"
        raise InvalidInputError(
            f"data set {style}",
            got=got,
            allowed="--add, which learns them too, or --replace, which deletes them",
        )
    for file in found if others == REPLACE else ():
        client.files.delete(file.id)


def _stored(client: Atelier, style: str) -> list[StoredFile]:
    """The files of a style's data set; none where the style is new."""
    found, cursor = list[StoredFile](), ""
    try:
        while True:
            page = client.files.list(style=style, limit=LONGEST_LIST, cursor=cursor)
            found, cursor = [*found, *page.results], page.cursor
            if not cursor:
                return found
    except NotFoundError:
        return []
