"""``atelier clean``."""

from cli.parameters import LOCAL_OUT, Out


def clean(out: Out = LOCAL_OUT) -> None:
    """Remove what the local cloud of a folder keeps: styles, pictures, reports."""
    from cli.manage import run_clean

    run_clean(out)
