"""What Application Auto Scaling's policies do to the number of instances."""
