"""What the parts of a text are: prices, dates, numbers with check digits, and so on; pure, and imports the ground alone."""
