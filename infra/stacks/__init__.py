"""Four stacks that only wire: storage, training, serving, api."""
