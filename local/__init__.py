"""The local cloud: runs the synthesized templates on one machine. Start at `local.cloud.LocalCloud`."""
