"""The stage between the reader and whoever is told: attributes, flags, and what is hidden; imports `rules` and below."""
