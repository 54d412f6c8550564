"""Words that are not to be shown, however they are disguised; pure, and imports the ground alone."""
