"""How often model servers have finished each prediction: they write a line about every request that they have answered.

Of a local cloud that was killed: which requests it still owes an answer.
"""

import json
from collections import Counter
from pathlib import Path

from local.durable import Durable
from local.sagemaker.async_inference import TABLE
from local.sagemaker.async_requests import AsyncRequest


def finished(run_dir: Path) -> Counter[str]:
    """By inference id, of the servers that the local cloud in this folder has started."""
    runs: Counter[str] = Counter()
    for log in (run_dir / "endpoints").rglob("output.log"):
        for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
            if '"message": "request"' in line and '"status": 200' in line:
                runs[json.loads(line)["id"]] += 1
    return runs


def unanswered(run_dir: Path) -> set[str]:
    """The inference ids of a stopped cloud's asynchronous requests that have neither an answer in S3 nor the notification of an end."""
    durable = Durable(run_dir / "state")
    try:
        requests = [AsyncRequest(**record) for _, record in durable.table(TABLE).items()]
    finally:
        durable.close()
    stored = {path.name for path in (run_dir / "s3").rglob("*.out")}
    return {each.inference_id for each in requests if not each.message and each.output.rpartition("/")[2] not in stored}
