"""The tiny model family: shipped weights, sample pictures, and the code that makes both."""
