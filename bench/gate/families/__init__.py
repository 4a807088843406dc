"""Defects as data, a family a file: ``MUTANTS`` of each module. A module that is added here is planted by itself."""
