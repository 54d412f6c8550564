"""The threads around the reader: live, recorded, still.  Imports the reader and all below it."""
