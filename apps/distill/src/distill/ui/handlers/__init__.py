"""Server functions of the page, one subject per module; each gives `handlers(workshop)`."""
