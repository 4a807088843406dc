"""CloudWatch's alarms: when they change their state, and what they then set off."""
