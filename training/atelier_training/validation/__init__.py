"""What is seen of a fine-tune while it learns: its loss on pictures that it does not learn from, and what it paints."""
