"""Files from the command line: what was put, putting more, fetching it, removing it."""

from pathlib import Path

from cli.commands.files import ACTIONS
from cli.connection import connected
from cli.terminal import print_json, table
from contracts.errors import InvalidInputError


def run_files(action: str, names: list[str], *, style: str, stage: str, cloud: Path, json: bool) -> None:
    """Do one of ACTIONS: ``put`` takes paths, ``get`` and ``delete`` ids. Raises InvalidInputError."""
    if action not in ACTIONS or bool(names) is (action == "list"):
        allowed = "list, or put PATH…, get ID…, delete ID…"
        raise InvalidInputError("files", got=" ".join([action, *names]), allowed=allowed)
    with connected(stage, cloud=cloud) as client:
        if action == "list":
            found = client.files.list(style=style, limit=100).results
            if json:
                print_json([file.model_dump(mode="json") for file in found])
            else:
                table(["id", "name", "bytes", "put (UTC)"], [(f.id, f.name, f.size, f.created_at[:19]) for f in found])
            return
        done = []
        for name in names:
            if action == "put":
                done.append(client.files.upload(Path(name), style=style).model_dump(mode="json"))
            elif action == "get":
                done.append(client.files.get(name).model_dump(mode="json"))
            else:
                client.files.delete(name)
                done.append({"id": name, "deleted": True})
    if json:
        print_json(done)
        return
    for file in done:
        if action == "get":
            print(file["urls"]["get"])
        else:
            print(file.get("uri") or f"{file['id']} is deleted")
