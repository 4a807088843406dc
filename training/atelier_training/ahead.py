"""What the steps of fine-tuning import, 3 seconds of a core: who starts many of them on one machine imports it once, and forks.

The local cloud does (docs/adr/0055-jobs-are-forked-from-a-warm-process.md). What is imported starts no thread.
"""

from diffusion.unquantised import leave_out

leave_out()

from atelier_training.jobs import evaluate, fine_tune, segment  # noqa: E402, F401
