"""What a vision-language model of the user's own says of the scene around a text; imports the ground, and `bridges`."""
