"""``atelier down``."""

from cli.parameters import LOCAL_OUT, Out


def down(out: Out = LOCAL_OUT) -> None:
    """Stop the local cloud of a folder, and wait until it has ended."""
    from cli.manage import run_down

    run_down(out)
