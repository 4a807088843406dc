"""The licences under which the stage's models may be used."""

from collections.abc import Iterator

from cli.doctor.diagnosis import Diagnosis, Mark
from cli.doctor.surroundings import Surroundings

HUB = "https://huggingface.co"


def check_licences(around: Surroundings) -> Iterator[Diagnosis]:
    """A line for each licence, with the models under it and where its text is."""
    models = around.stage.models
    for licence in dict.fromkeys(entry.licence for entry in models):
        entries = [entry for entry in models if entry.licence == licence]
        names = ", ".join(entry.name for entry in entries)
        repositories = filter(None, (getattr(entry.source, "repository", "") for entry in entries))
        pages = ", ".join(f"{HUB}/{repository}" for repository in repositories)
        restricts = "RAIL" in licence
        says = f"{licence}: {names}" + (f" ({pages})" if pages else "")
        do = "its use restrictions bind you and your users: read them there" if restricts else ""
        yield Diagnosis(mark=Mark.NOTE if restricts else Mark.GOOD, what="licence", says=says, do=do)
