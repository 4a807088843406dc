"""AutoRollbackConfiguration: while a new fleet is on trial, an alarm sends the traffic back to the old one."""

import threading
import time
from typing import Any

from local.sagemaker.store import Record

# On AWS the trial lasts TerminationWaitInSeconds, usually minutes; nobody watches a laptop for as long.
LONGEST_TRIAL_SECONDS = 2.0
_POLL_SECONDS = 0.2


def first_alarm(cloudwatch: Any, deployment: Record) -> str | None:
    """Watch until the trial of a DeploymentConfig is over; the first alarm in ALARM, or None, at once where it names none."""
    names = [alarm["AlarmName"] for alarm in deployment.get("AutoRollbackConfiguration", {}).get("Alarms", [])]
    wait = deployment.get("BlueGreenUpdatePolicy", {}).get("TerminationWaitInSeconds", 0)
    deadline, pause = time.monotonic() + min(float(wait), LONGEST_TRIAL_SECONDS), threading.Event()
    while names:
        alarms = cloudwatch.describe_alarms(AlarmNames=names, StateValue="ALARM")
        if alarms["MetricAlarms"]:
            return str(alarms["MetricAlarms"][0]["AlarmName"])
        if time.monotonic() >= deadline:
            break
        pause.wait(_POLL_SECONDS)
    return None
