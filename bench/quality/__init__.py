"""What cheaper sampling costs in quality: the tiny family's scores by setting."""
