"""Handwritten-digit classifiers from scratch: every layer, gradient and update in NumPy and Numba."""

__version__ = "0.1.0"
