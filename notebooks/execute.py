"""Run a notebook from its first cell to its last. Run by the Python of ``.venv-notebook``; nothing of ours imports it."""

import sys
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

_CELL_SECONDS = 900


def main(source: Path, target: Path) -> None:
    """Write ``source`` with its outputs to ``target``, also where a cell fails: then CellExecutionError follows."""
    notebook = nbformat.read(source, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=_CELL_SECONDS,
        resources={"metadata": {"path": str(source.parent)}},
        record_timing=False,  # the times of every run would be in every difference
    )
    try:
        client.execute()
    finally:
        nbformat.write(_without_traces(notebook), target)


def _without_traces(notebook: Any) -> Any:
    """Nothing of the machine, and no output that shows nothing: the SDK's moving line leaves one where it has ended."""
    for cell in notebook.cells:
        if "outputs" in cell:
            cell.outputs = [output for output in cell.outputs if not _is_blank(output)]
    notebook.metadata.pop("language_info", None)
    return notebook


def _is_blank(output: Any) -> bool:
    data = output.get("data", {})
    return "text/plain" in data and data.keys() <= {"text/plain", "text/html"} and not data["text/plain"].strip()


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
