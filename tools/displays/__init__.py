"""What a person sees while sources are read: lines, a table, windows, a film."""
