"""One module per app with the same names: how it saves, how it loads, how it refuses."""
