"""``atelier clean``."""

from cli.parameters import LOCAL_OUT, Json, Out


def clean(out: Out = LOCAL_OUT, json: Json = False) -> None:
    """Remove what the local cloud of a folder keeps: styles, pictures, reports."""
    from cli.manage import run_clean

    run_clean(out, json=json)
