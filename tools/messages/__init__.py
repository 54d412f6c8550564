"""What is done with the messages of a feed: held against its contract, recorded, and played again."""
