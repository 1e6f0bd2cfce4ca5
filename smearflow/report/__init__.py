"""One HTML file, and its charts."""
