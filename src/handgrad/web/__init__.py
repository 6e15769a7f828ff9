"""The web page, alone in a file or served, and the HTTP service behind it."""
