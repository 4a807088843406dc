"""How much the gate sees: one defect at a time is planted into our templates and sources, and the gate must name it.

A family of defects is a file of ``families``. ``python -m bench.gate`` plants them all.
"""
