"""One construct a unit, one file each."""
