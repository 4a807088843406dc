"""What is refused whoever asks: words, masks and pictures. Pure Python, for the API's functions and the model server alike."""
