"""What only a GPU shows of training and painting."""
