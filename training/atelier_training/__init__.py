"""The training image: mask a garment's pictures, fine-tune a base model on them, judge the result."""
