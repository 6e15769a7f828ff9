"""Models as something that runs without handgrad: ONNX and C. `handgrad.web.export` makes the page."""
