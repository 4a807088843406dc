"""``make notebook``: run the notebook against a fresh local cloud; with ``--save`` the repository keeps what it showed.

The kernel has an environment of its own, since the SageMaker SDK brings 150 packages and pins old ones.
"""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

from cli.progress import Progress
from cli.session import Deployment, deployed
from local.sagemaker.backend import ROOT_KEY

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOK = ROOT / "notebooks" / "fine-tune-and-restyle.ipynb"
_PYTHON = ROOT / ".venv-notebook" / "bin" / "python"

_SDK_DEFAULTS = """SchemaVersion: "1.0"
SageMaker:
  PythonSDK:
    Modules:
      TelemetryOptOut: true
"""
"""The SDK would tell AWS of every call, from a laptop that has no account."""


def main() -> None:
    """Run, and say where the executed notebook is. Exits with 1 where a cell failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--save", action="store_true", help="keep the outputs in the repository")
    parser.add_argument("--out", type=Path, default=Path("out/notebook"))
    arguments = parser.parse_args()
    out, progress = arguments.out.resolve(), Progress()
    executed = out / NOTEBOOK.name
    with deployed(out / "run", progress) as deployment, progress.stage("notebook"):
        defaults = out / "sagemaker.yaml"
        defaults.write_text(_SDK_DEFAULTS, encoding="utf-8")
        command = [str(_PYTHON), str(NOTEBOOK.parent / "execute.py"), str(NOTEBOOK), str(executed)]
        code = subprocess.run(command, env=kernel_environment(deployment, defaults), check=False).returncode
    progress.say(f"\nnotebook   {executed}")
    if code == 0 and arguments.save:
        shutil.copyfile(executed, NOTEBOOK)
    sys.exit(1 if code else 0)


def kernel_environment(deployment: Deployment, defaults: Path) -> dict[str, str]:
    """What a notebook finds in an account, said of the local cloud; of this process's own AWS settings it gets none."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SAGEMAKER_"))}
    region = deployment.cloud.region
    return inherited | {
        "AWS_ENDPOINT_URL": deployment.cloud.url,
        "AWS_ACCESS_KEY_ID": ROOT_KEY,
        "AWS_SECRET_ACCESS_KEY": ROOT_KEY,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "SAGEMAKER_USER_CONFIG_OVERRIDE": str(defaults),
        "ATELIER_STAGE": "local",
        # It would name a folder of this machine: the SDK's moving line wants widgets, and nobody watches.
        "PYTHONWARNINGS": "ignore::UserWarning:rich.live",
    }


if __name__ == "__main__":
    main()
