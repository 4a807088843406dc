"""One module a Lambda: reads its settings once, parses the event, delegates to ``logic``."""
