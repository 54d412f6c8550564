"""The receiving end of a feed for Python programs: each event once and in order, and where a text is at the moment of display.

May import the format of the feed.
"""
