"""`glyphfeed bench`: how fast the networks run on this machine, and where the time of a frame goes."""
