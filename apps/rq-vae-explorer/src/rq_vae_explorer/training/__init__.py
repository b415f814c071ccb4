"""Training: losses, codebook updates, the compiled step, and the trainer that owns the device."""

from rq_vae_explorer.training.losses import compute_losses
from rq_vae_explorer.training.state import TrainingState
from rq_vae_explorer.training.trainer import Trainer

__all__ = ["Trainer", "TrainingState", "compute_losses"]
