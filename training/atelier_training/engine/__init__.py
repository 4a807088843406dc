"""The training engine: the loop with exact resume, precision, processes, optimizers, averaged weights, log and interruption."""
