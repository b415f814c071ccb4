"""Digits in, arrays out: bundled images, idx folders, and data sets fetched on request."""

from rq_vae_explorer.data.batches import create_data_iterator
from rq_vae_explorer.data.digits import DataError, Digits
from rq_vae_explorer.data.sources import load_digits, load_mnist

__all__ = ["DataError", "Digits", "create_data_iterator", "load_digits", "load_mnist"]
