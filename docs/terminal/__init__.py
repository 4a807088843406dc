"""The picture of the command line in README: real commands on a real local cloud, drawn as their terminal showed them.

``python -m docs.terminal`` makes it.
"""
