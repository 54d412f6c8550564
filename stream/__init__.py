"""The reader: time, threads, tracks and the feed."""
