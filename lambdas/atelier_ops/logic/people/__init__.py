"""People in pictures: what belongs to whom, and how all of it is removed."""
