"""Everything that reaches into ministack's internals, and nothing else.

`names` lists what is reached and checks it at start; each other module mends or extends one service.
"""
