"""``make bench-needs``: what fine-tuning takes of a machine, for the table in ``contracts/training_table.py``."""
