"""New sound: codes from the prior, decoded."""

import numpy as np
import torch

from distill.errors import ModelFileError
from distill.inference.codes import column_samples, decode_columns
from distill.models.persistence import LoadedVQModel
from distill.models.prior import CodePrior
from distill.models.prior_sampling import SamplingSettings, write_codes


def generate_audio(
    loaded: LoadedVQModel, seconds: float, seed: int, settings: SamplingSettings
) -> np.ndarray:
    """New sound of a length; the same seed gives the same sound.

    Args:
        loaded: a model with a prior.
        seconds: length.
        seed: of the generator.
        settings: how freely to choose codes.

    Returns:
        (samples,) float32 at the model's rate.

    Raises:
        ModelFileError: the model has no prior.
    """
    samples = max(1, round(seconds * loaded.spectrogram.config.sample_rate))
    columns = -(-samples // column_samples(loaded))
    generator = torch.Generator().manual_seed(seed)
    table = write_codes(prior_of(loaded), columns, generator, settings)
    return decode_columns(table, loaded, 0, columns, samples)


def prior_of(loaded: LoadedVQModel) -> CodePrior:
    """The model's prior.

    Raises:
        ModelFileError: it has none.
    """
    if loaded.prior is None:
        raise ModelFileError(
            f"{loaded.metadata.name}: has no prior, so it cannot write; train it to the end"
        )
    return loaded.prior
