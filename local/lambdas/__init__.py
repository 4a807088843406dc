"""What Lambda does around a function's process: how many run at a time, and the queue of its asynchronous events."""
