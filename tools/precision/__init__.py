"""Networks of fewer bits and compiled ones: made, and judged against the full ones."""
