"""``python -m bench.needs``: measures what fine-tuning takes of each base model, and says where the committed table differs by a twentieth.

Nothing is computed: tensors are fake, so it takes a few minutes and hardly any memory, and its figures are exact but for what a GPU itself
adds. ``--write`` writes the table. Ends with one JSON line: how many rows there are, and which differ. Exits with 1 where one does.
"""

import argparse
import json
import math
import sys
import warnings
from dataclasses import asdict
from itertools import product
from typing import Any

from bench.needs.measure import MIB, decoding, denoising, encoding, numbers, step_needs
from bench.needs.table import write
from contracts.execution import METHODS
from contracts.families import FAMILIES
from contracts.training_table import TABLE
from models.catalogue import CATALOGUE, CatalogueEntry


def main() -> None:
    """Measure all, print the line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--only", nargs="*", default=[])
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    rows = {}
    for entry in CATALOGUE.values():
        if FAMILIES.get(entry.family) and (not options.only or entry.name in options.only):
            rows[entry.name] = measured(entry)
            print(f"{entry.name}: {json.dumps(rows[entry.name])}", flush=True)
    if options.write:
        write({**TABLE, **rows})
    differs = [name for name, row in rows.items() if not _alike(row, TABLE.get(name))]
    print(json.dumps({"rows": len(rows), "differs": differs}))
    sys.exit(bool(differs) and not options.write)


def measured(entry: CatalogueEntry) -> dict[str, Any]:
    """The entry's row."""
    whole, added = numbers(entry)
    steps = {}
    texts = (False, True) if FAMILIES[entry.family].trains_text_encoder else (False,)
    for method, text, checkpointing in product(METHODS, texts, (False, True)):
        name = method + ("+text" if text else "") + ("+checkpointing" if checkpointing else "")
        steps[name] = asdict(step_needs(entry, method, text=text, checkpointing=checkpointing))
    encoded, decoded, denoised = encoding(entry, 1), decoding(entry), denoising(entry)
    return {
        "family": entry.family,
        "parameters": whole,
        "adapter": added,
        "steps": steps,
        "encode_mib": int(encoded.bytes / MIB) + 1,
        "decode_mib": int(decoded.bytes / MIB) + 1,
        "encode_teraflop": _digits(encoded.operations),
        "decode_teraflop": _digits(decoded.operations),
        "denoise_teraflop": _digits(denoised.operations),
    }


def _alike(one: Any, other: Any) -> bool:
    """Whether they are the same but for a twentieth and a few MiB: how often Python collects makes a little of it."""
    if isinstance(one, dict):
        return isinstance(other, dict) and one.keys() == other.keys() and all(_alike(one[k], other[k]) for k in one)
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return math.isclose(one, other, rel_tol=0.05, abs_tol=0.01 if max(one, other) < 1 else 8)
    return bool(one == other)


def _digits(operations: int) -> float:
    return float(f"{operations / 1e12:.3g}")


if __name__ == "__main__":
    main()
