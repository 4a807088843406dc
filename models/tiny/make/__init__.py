"""Makes the tiny family: drawn figures, captions, tokenizer, sample data and scores. Everything is seeded."""
