"""One check a module: ``check(assembly, sources)`` yields what it finds. A module that is added here is asked by itself."""
