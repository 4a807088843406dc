"""Where training data comes from: shards and folders of pictures, their order, and the views that are cut out of them."""
