"""The local cloud: runs the synthesized templates on one machine. The door is `local.cloud.LocalCloud`."""
