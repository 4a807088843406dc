"""What the handlers decide. Reaches AWS only through ``gateways``."""
