"""What training and serving must do to pictures in exactly the same way: decode, mask a garment, frame it, repaint it."""
