"""Models as ONNX files: bytes of pixels in, probabilities out."""
