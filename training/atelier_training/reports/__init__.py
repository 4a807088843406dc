"""The HTML reports: one frame of a page, one template for each kind of report."""
