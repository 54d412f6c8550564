"""The configuration file: its tables, what is wrong with one, and what has changed in it.  Imports stream, and options' words."""
