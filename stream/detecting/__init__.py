"""Where to look for text: the kinds of detector passes, tiles, and when each is due.  Imports motion."""
