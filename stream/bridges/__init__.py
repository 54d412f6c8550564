"""Bridges: what the feed tells, carried on to an MQTT broker, a web hook, or NATS.

Owns: where each bridge has got to (on disk), how the far sides are spoken to, and what they are told.  Does not own the feed, of
which a bridge is a client like any other.
"""
