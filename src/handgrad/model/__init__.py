"""The trained artefact: a network with all that it needs to answer, and its file."""
