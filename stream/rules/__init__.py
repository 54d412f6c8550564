"""What somebody waits for in the texts, and what is done then; imports `attributes`, `moderation`, and zones from `detecting`."""
