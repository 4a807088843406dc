"""Whether what leaves the product is marked, and what must not be painted is refused: ``make score-lawful``, one measure a file."""
