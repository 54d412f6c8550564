"""The web socket of the feed: a process of its own, between one feed and the pages of browsers.

Owns: the server, what waits for a page, who may come in, the page's own files and the feed's client in JavaScript.  Does not own
the feed (feed), of which it is a client as any other.
"""
