"""From a picture of handwriting to images that a network knows."""
