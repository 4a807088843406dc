"""What the handlers decide. Reaches AWS only through the protocols of ``gateways``."""
