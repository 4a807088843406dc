"""The words that a training's pictures are learnt by: shown, saved to be mended, and put."""

from pathlib import Path

from cli.connection import connected
from cli.terminal import print_json, table
from contracts.dataset_texts import caption_lines, read_caption_lines
from contracts.errors import InvalidInputError


def run_captions(training: str, *, save: Path | None, put: Path | None, stage: str, cloud: Path, json: bool) -> None:
    """Show them after putting those of a file, where one is given. Raises InvalidInputError before anything is sent."""
    if save and put:
        raise InvalidInputError("atelier captions", got="--save and --put", allowed="one of them")
    words = read_caption_lines(put.read_bytes()) if put else None
    with connected(stage, cloud=cloud) as client:
        put_now = client.trainings.put_captions
        found = (put_now(training, words) if words is not None else client.trainings.captions(training)).captions
    if save:
        save.write_bytes(caption_lines({each.file_name: each.text for each in found}))
    if json:
        print_json([each.model_dump(mode="json") for each in found])
    elif save:
        print(save)
    else:
        table(["picture", "from", "words"], [(each.file_name, each.source, each.text) for each in found])
