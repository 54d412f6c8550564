"""glyphfeed: point it at a camera, and it reads, follows and publishes the text it sees."""
