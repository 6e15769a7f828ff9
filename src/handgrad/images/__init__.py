"""What happens to pixels: picture files decoded, digits deskewed, training images distorted."""
