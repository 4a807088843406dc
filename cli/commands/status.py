"""``atelier status``."""

from cli.parameters import LOCAL_OUT, Json, Out


def status(out: Out = LOCAL_OUT, json: Json = False) -> None:
    """Say what runs in the local cloud's folder and what it takes on the disk."""
    from cli.manage import run_status

    run_status(out, json=json)
