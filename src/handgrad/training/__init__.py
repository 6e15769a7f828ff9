"""From a recipe and labelled images to a model."""
