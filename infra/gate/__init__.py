"""The gate: what must hold of every stage's templates and of the sources behind them, and what to do where it does not.

``findings(assembly, sources)`` is its door: it reads finished templates as plain dicts and sources as text, so it can be asked about any
variant of them without a new synthesis. ``python -m infra.gate`` synthesizes every stage and asks.
"""
