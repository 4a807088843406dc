"""The clients of a stage's API: who asks, by the API key that came with the request."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from contracts.declarations import about, text
from contracts.errors import InvalidInputError
from contracts.json_text import load
from contracts.model import Contract

CLIENT_NAME = r"(?![a-z0-9]{10}$)[a-z][a-z0-9-]{0,22}[a-z0-9]"
"""A client's name: never the form of a key's id, which is what a client without a name is called by."""

CLIENT_NAME_RULE = (
    "2 to 24 of a-z, 0-9 and inner hyphens, a letter first, and not exactly ten letters and digits as a key's id is"
)

PERSON_CLIENT = "person:"
"""Before a person's ``sub`` it is the client that somebody is who signed in on the stage's page."""

FIRST = "first"
"""The client that a stage has where nothing else is said. Its key is the one that stages had before clients had names."""


class KnownClient(Contract):
    """A client that a stage knows by name."""

    document: ClassVar[str] = "client"

    name: Annotated[str, text("a client's name", longest=24), about("who asks")]
    manages: Annotated[
        bool, about("whether it may change the styles of the house, and approve where a person must")
    ] = False


Clients = Mapping[str, KnownClient]
"""By the id of each one's API key."""


def read_clients(document: str) -> Clients:
    """From JSON text, ``{"KEY ID": {"name": …, "manages": …}}``. Raises InvalidInputError, or ValueError where it is not JSON."""
    found = load(document)
    if not isinstance(found, Mapping):
        raise InvalidInputError("clients", got=found, allowed="an object, a client by the id of each key")
    return {key: KnownClient.from_json(client, where=f"clients.{key}") for key, client in found.items()}
