"""The state machine: its states, a group a file, and what its role may do."""
