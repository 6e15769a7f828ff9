"""How good a classifier is, and which of several is best."""
