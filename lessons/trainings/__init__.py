"""The trainings behind docs/learn/how-fine-tuning-works.md: what is tried, and what each came to."""
