"""Labelled images: the MNIST in the package, data sets to fetch, and folders of the user's own."""

from handgrad.datasets.images import Dataset, Images
from handgrad.datasets.registry import load

__all__ = ["Dataset", "Images", "load"]
