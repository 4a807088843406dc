"""``make bench-serve``: the model server measured against one plain diffusers pipeline that is called in turn."""
