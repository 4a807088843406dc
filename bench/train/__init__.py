"""What a fine-tune costs and learns, beside a plain training loop."""
