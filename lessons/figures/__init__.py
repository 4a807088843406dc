"""The pictures of docs/learn: each module draws one, and returns it with the numbers that it shows."""
