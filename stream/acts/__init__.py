"""What is done when a rule has found something, beside the feed: web hooks, commands, sounds; above `rules` and `bridges`."""
