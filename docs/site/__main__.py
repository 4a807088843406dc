"""``python -m docs.site``: build the site into ``out/site``. Fails where a link or an anchor leads nowhere. Needs no network."""

import subprocess
import sys
from pathlib import Path

from docs.site.staging import stage

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    """Build; the exit status is the generator's."""
    stage(ROOT, ROOT / "out" / "pages")
    command = [sys.executable, "-m", "zensical", "build", "--clean", "--strict", "--config-file", "zensical.toml"]
    built = subprocess.run(command, cwd=ROOT, check=False).returncode
    if built == 0:
        print(f"site       {ROOT / 'out' / 'site' / 'index.html'}")
    return built


if __name__ == "__main__":
    sys.exit(main())
