"""What happens to pixels: arrays and picture files read, slanted digits sheared upright, training images distorted."""
