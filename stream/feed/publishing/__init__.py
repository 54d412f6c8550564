"""The sending end of a feed: what waits to be published, the sockets, what was told and can be asked for, and who is let in.

May import the format of the feed, and recordings, which a publisher writes.
"""
