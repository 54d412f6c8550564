"""Running networks: arrays in, text and polygons out.  Knows nothing of streams, tracks or the feed."""

from glyphfeed.engines.telemetry import switch_off

# Here, as nothing of ours imports a network's library before it has imported this package; in a child process likewise.
switch_off()
