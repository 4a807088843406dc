"""``atelier batch``."""

from pathlib import Path
from typing import Annotated

import typer

from cli.mode_options import takes_fields_of_modes
from cli.options import given
from cli.parameters import LOCAL_OUT, Cloud, Json, Learnt, StageOption, Yes


@takes_fields_of_modes("style", "inpaint")
def batch(
    context: typer.Context,
    source: Annotated[
        Path | None,
        typer.Argument(
            help="a CSV or JSON Lines file, whose columns image and mask may name files beside it, or a folder of photos"
        ),
    ] = None,
    garment: Annotated[
        str,
        typer.Option("--garment", metavar="GARMENT", help='what to repaint in each photo: "a skirt", or "{garment}"'),
    ] = "",
    words: Annotated[
        str,
        typer.Option(
            "--words", metavar="WORDS", help='what to paint there: "a {colour} skirt" takes the column colour'
        ),
    ] = "",
    learnt: Learnt = "",
    name: Annotated[str, typer.Option("--name", help="what people call the batch (default: as the source)")] = "",
    at_once: Annotated[
        int | None,
        typer.Option(
            "--concurrency", metavar="NUMBER", help="items in the endpoint's queue at once", show_default=False
        ),
    ] = None,
    tolerated: Annotated[
        float | None,
        typer.Option(
            "--tolerated_failures", metavar="SHARE", help="share of the rows that may fail", show_default=False
        ),
    ] = None,
    resume: Annotated[
        str, typer.Option("--resume", metavar="ID", help="follow this batch, or go on with it where it has ended")
    ] = "",
    save: Annotated[
        Path | None, typer.Option(help="folder for the report (default: out/BATCH)", show_default=False)
    ] = None,
    stage: StageOption = "",
    cloud: Cloud = LOCAL_OUT,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Restyle a catalogue: a picture for each row of a list, or for each photo of a folder.

    Every row is read, and what it will cost is said, before anything is put up. A column that is called as an option is that option, and
    style the style; but one that the words take in is a word of theirs. Ctrl-C leaves the batch at work; --resume ID follows it, or goes
    on with one that has ended, and paints nothing twice. `atelier batches` lists them, `atelier cancel ID` stops one.
    """
    from cli.batch import Wish, run_batch

    texts = {"mask_prompt": garment, "prompt": words}
    run_batch(
        source,
        Wish(
            settings={**given(context), **{name: text for name, text in texts.items() if text}},
            version=learnt,
            name=name,
            concurrency=at_once,
            tolerated_failures=tolerated,
        ),
        resume=resume,
        save=save,
        stage=stage,
        cloud=cloud,
        yes=yes,
        json=json,
    )
