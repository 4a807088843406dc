"""How many requests the model server takes together, and so how many SageMaker must hand it at a time."""

ROWS = 8
"""Pictures painted at once, in one call of the model."""

FEWEST_AT_ONCE = 2 * ROWS
"""Requests that a container is handed at a time, so that calls are full: while ``ROWS`` are painted, as many must wait behind them.

A platform that hands over fewer sends the next request when an answer is back, which is after the next call has begun. A closed loop
of the server's queue paints 2.0 pictures a call at 4 requests at a time, 4.0 at 8, and 8.0 at 16 and more.
"""

MOST_WAITING = 32
"""Requests that wait in a container before it is busy; each holds its decoded picture."""
