"""The AWS services the handlers use: a class each. Tests replace a class by a subclass in memory."""
