"""The stores that are kept of services whose whole state is large, or that ministack does not save itself."""

STORES = {
    "cloudwatch": ("alarms", "composite_alarms", "composite_triggers", "alarm_history", "dashboards", "resource_tags"),
    "cloudwatch_logs": (
        "destinations", "resource_policies", "log_group_policies", "metric_filters", "queries", "delivery_sources",
        "delivery_destinations", "deliveries",
    ),
    "dynamodb": (
        "tags", "ttl_settings", "pitr_settings", "kinesis_destinations", "contributor_insights", "backups",
        "resource_policies", "exports", "imports",
    ),
    "stepfunctions": (
        "state_machines", "tags", "activities", "state_machine_versions", "state_machine_aliases", "map_runs",
    ),
    "sts": ("sessions",),
}  # fmt: skip
"""By module, without the underscore of the names there. Measurements begin anew at each start, as the clock does."""
