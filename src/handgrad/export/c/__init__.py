"""Models as one C99 file each. The folders hold its functions: one a file, for float32, for int8, and for both."""
