"""Training of both stages: one loop, one trainer per model."""
