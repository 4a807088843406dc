"""How sure a share is that was counted."""

import math


def interval(hits: int, n: int) -> tuple[float, float]:
    """Wilson's interval of 95 % for a share of ``hits`` in ``n`` (Wilson 1927), to a ten-thousandth; 0 to 1 where n is 0."""
    if n == 0:
        return 0.0, 1.0
    z = 1.959964
    share, spread = hits / n, z * z / n
    middle = (share + spread / 2) / (1 + spread)
    reach = z / (1 + spread) * math.sqrt(share * (1 - share) / n + spread / (4 * n))
    return round(max(0.0, middle - reach), 4), round(min(1.0, middle + reach), 4)
