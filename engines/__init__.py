"""Running networks: arrays in, text and polygons out.  Knows nothing of streams, tracks or the feed."""
