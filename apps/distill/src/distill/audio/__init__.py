"""Sound files, resampling and spectrograms."""
