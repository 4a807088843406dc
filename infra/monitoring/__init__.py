"""How a stage is watched: its alarms, its dashboard and its budget, as the requests that templates make of them."""
