"""Measured quality: metrics, the codec's own figures and Opus beside them."""
