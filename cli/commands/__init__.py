"""The commands, one a file: what each takes, said in its signature. What it does lies in the module that it imports when it is called."""
