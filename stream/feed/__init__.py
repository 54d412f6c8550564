"""The text feed: snapshots, events and statuses as messages over ZeroMQ.

Owns: the wire format, its contract, the keys, and the rooms publishing, receiving and recordings.  Does not own what was read or
when (reader, drivers).
"""
