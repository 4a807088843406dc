"""LoRAs that were trained elsewhere: read by their files' headers, checked against the base model, and written as our own are."""
