"""A scalable target's scheduled actions: the least number of instances by the clock, and zero again outside office hours."""

from typing import Any

from infra.settings.serving import Serving


def scheduled(serving: Serving) -> dict[str, Any]:
    """The property ``ScheduledActions`` of an ``AWS::ApplicationAutoScaling::ScalableTarget``; nothing where there are no office hours.

    They change only the least number: the queue may still ask for more. An update of the stack leaves what the clock has set alone.
    https://docs.aws.amazon.com/autoscaling/application/userguide/scheduled-scaling-using-cron-expressions.html
    """
    hours = serving.office_hours
    if hours is None:
        return {}
    actions = [
        _action("open", f"cron(0 {hours.from_hour} ? * {hours.days} *)", hours.timezone, hours.instances),
        _action("close", f"cron(0 {hours.until_hour} ? * {hours.days} *)", hours.timezone, serving.fewest_instances),
    ]
    return {"ScheduledActions": actions}


def _action(name: str, schedule: str, timezone: str, least: int) -> dict[str, Any]:
    return {
        "ScheduledActionName": name,
        "Schedule": schedule,
        "Timezone": timezone,
        "ScalableTargetAction": {"MinCapacity": least},
    }
