"""A feed in files: how it is written, compressed, read, and published again.

May import the format of the feed.
"""
