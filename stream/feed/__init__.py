"""The text feed: snapshots, events and statuses as messages over ZeroMQ.

Owns: the wire format, the publisher with its recording, and the client.  Does not own what was read or when (reader, drivers).
"""
