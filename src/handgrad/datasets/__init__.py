"""Labelled images: the MNIST in the package, data sets to fetch, and folders and files of the user's own."""

from handgrad.datasets.images import Dataset, Images
from handgrad.datasets.loading import load, resolve, shadowed
from handgrad.datasets.pictures import Resized

__all__ = ["Dataset", "Images", "Resized", "load", "resolve", "shadowed"]
