"""What a text says: crops asked for, readings fused, beliefs, and when to read again.  Imports motion."""
