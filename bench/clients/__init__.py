"""The clients that people bring, unchanged, against a local stage of their own: a module for each."""
