"""Networks and the residual quantiser: pure Flax modules that know nothing of files or pages."""

from rq_vae_explorer.model.conv import Decoder, Encoder
from rq_vae_explorer.model.quantizer import ResidualQuantizer
from rq_vae_explorer.model.rqvae import RQVAE

__all__ = ["RQVAE", "Decoder", "Encoder", "ResidualQuantizer"]
