"""The Lambda handlers of Atelier: what is not a service call of the state machine, and the HTTP API."""
