"""AutoRollbackConfiguration: while a new fleet is on trial, an alarm sends the traffic back to the old one."""

import threading
import time

from local.sagemaker.backend import Backend
from local.sagemaker.store import Record

# On AWS the trial lasts TerminationWaitInSeconds, usually minutes; nobody watches a laptop for as long.
LONGEST_TRIAL_SECONDS = 2.0
_POLL_SECONDS = 0.2


class AlarmWatch:
    """The trial that an update's DeploymentConfig asks for; none where it names no alarms."""

    def __init__(self, backend: Backend, deployment: Record) -> None:
        self._backend = backend
        self._names = [a["AlarmName"] for a in deployment.get("AutoRollbackConfiguration", {}).get("Alarms", [])]
        wait = deployment.get("BlueGreenUpdatePolicy", {}).get("TerminationWaitInSeconds", 0)
        self._seconds = min(float(wait), LONGEST_TRIAL_SECONDS)

    def first_alarm(self) -> str | None:
        """Watch until the trial is over; the first alarm found in ALARM, or None."""
        if not self._names:
            return None
        deadline, pause = time.monotonic() + self._seconds, threading.Event()
        while True:
            alarms = self._backend.root("cloudwatch").describe_alarms(AlarmNames=self._names, StateValue="ALARM")
            if alarms["MetricAlarms"]:
                return str(alarms["MetricAlarms"][0]["AlarmName"])
            if time.monotonic() >= deadline:
                return None
            pause.wait(_POLL_SECONDS)
