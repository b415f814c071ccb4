"""RQ-VAE Explorer: train a residual-quantised VAE on handwritten digits and watch its codes move.

The flow is `data -> model -> training (one worker thread owns the device) -> immutable snapshots
-> ui`; `cli.py` is the command line. Shape vocabulary: B batch, N images, H W C image, D latent
width, L quantiser levels, K codes per level.
"""

__version__ = "0.1.0"
