"""``atelier down``."""

from cli.parameters import LOCAL_OUT, Json, Out


def down(out: Out = LOCAL_OUT, json: Json = False) -> None:
    """Stop the local cloud of a folder, and wait until it has ended."""
    from cli.manage import run_down

    run_down(out, json=json)
