"""Which texts there are and where: tracks that begin, follow, get lost and come back.  Imports motion, detecting, reading."""
