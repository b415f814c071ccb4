"""Odd inputs, one module per kind: what each specimen is, and how the apps take all of them."""
