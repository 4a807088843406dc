"""Other APIs' routes, a module for each: they translate into the functions of our own, and keep nothing."""
