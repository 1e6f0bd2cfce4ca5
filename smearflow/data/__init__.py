"""Images: where they come from, what they are, whose they are."""
