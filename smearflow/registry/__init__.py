"""The registered champion, and the file that serves it."""
