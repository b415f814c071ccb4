"""Stamps: small pictures of shades that places are put together from, each drawn once and kept."""
