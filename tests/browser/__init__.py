"""The page, as people use it: a real browser, in front of a real local cloud.

This ring is a package, so that its fixtures end with it: a browser that is driven from this process keeps an event loop, beside which no
other test could run one.
"""
