"""``python -m bench.demo``: run the demo once and print the time of each stage, in seconds and as a share of the whole.

Ends with one JSON line: the demo's own ``metrics.json`` and two ratios, the garment's colours over those of real pictures and the
seconds over those of a reference machine.
"""

import json
from pathlib import Path

from cli.demo import run_demo

REFERENCE_SECONDS = {"synthesize": 4, "deploy": 8, "Segment": 6, "FineTune": 26, "Evaluate": 13, "restyle": 8}
"""What the stages took on two quiet cores of one machine."""


def main() -> None:
    """Run, print the table, print the line."""
    out = Path("out/bench-demo")
    run_demo(out=out, port=None, stay=False)
    numbers = json.loads((out / "metrics.json").read_text(encoding="utf-8"))
    total = numbers["total_seconds"]
    for name, seconds in numbers["stages_seconds"].items():
        print(f"{name:<26} {seconds:7.1f} s  {seconds / total:6.1%}")
    stages = [name for name in REFERENCE_SECONDS if name in numbers["stages_seconds"]]
    ratios = {
        "palette_ratio": numbers["palette_after"] / numbers["palette_real"],
        "seconds_ratio": sum(numbers["stages_seconds"][name] for name in stages)
        / sum(REFERENCE_SECONDS[name] for name in stages),
    }
    print(json.dumps(numbers | {name: round(ratio, 3) for name, ratio in ratios.items()}))


if __name__ == "__main__":
    main()
