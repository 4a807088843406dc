"""The base models of a stage, as its settings name them: what deploying it copies into its bucket."""

from cli.terminal import print_json, table
from contracts.terms import in_words
from infra.config import stage_named

_TITLES = ("model", "task", "default", "trains", "pixels", "memory", "licence", "use", "stage", "source")


def run_models(name: str, *, json: bool) -> None:
    """Print them, the default first."""
    found = models_of(name)
    if json:
        print_json(found)
    else:
        table(_TITLES, (_row(model) for model in found))


def models_of(name: str) -> list[dict[str, object]]:
    """A JSON object for each: ``resolution`` is a side in pixels, ``memory_gib`` what it takes of a GPU, ``trains`` the methods.

    ``stage`` is the model's own, and ``note`` says why it is not stable.
    """
    stage = stage_named(name)
    return [
        {
            "model": entry.reference,
            "task": entry.task,
            "family": entry.family,
            "default": entry is stage.default_model,
            "trains": sorted(entry.training),
            "resolution": entry.resolution,
            "memory_gib": entry.memory_gib,
            "licence": entry.licence.name,
            "licence_text": entry.licence.text,
            "commercial": entry.licence.commercial,
            "restricted": entry.licence.restricted,
            "stage": entry.stage,
            "retires": entry.retires,
            "note": entry.note,
            # A repository of the hub, or a folder of this one.
            "source": getattr(entry.source, "repository", "") or getattr(entry.source, "folder", ""),
        }
        for entry in stage.models
    ]


def _row(model: dict[str, object]) -> list[object]:
    trains = model["trains"]
    methods = ", ".join(trains) if isinstance(trains, list) else ""
    yes = "yes" if model["default"] else ""
    pixels, memory = model["resolution"], f"{model['memory_gib']} GiB"
    use = in_words(str(model["commercial"]), restricted=bool(model["restricted"]))
    state = f"{model['stage']}, until {model['retires']}" if model["retires"] else model["stage"]
    terms = [model["licence"], use, state]
    return [model["model"], model["task"], yes, methods, pixels, memory, *terms, model["source"]]
