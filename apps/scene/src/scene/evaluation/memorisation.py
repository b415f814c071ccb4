"""Are samples copies? Distance of code sequences to the nearest one of the training set."""

import numpy as np

CHUNK = 256


def nearest_distances(codes: np.ndarray, training: np.ndarray) -> np.ndarray:
    """Share of codes that differ from the nearest training sequence: (S, M) x (T, M) -> (S,)."""
    nearest = np.ones(len(codes))
    for row, sequence in enumerate(codes.astype(np.uint16)):
        for start in range(0, len(training), CHUNK):
            different = (training[start : start + CHUNK] != sequence).mean(axis=1)
            nearest[row] = min(nearest[row], different.min())
    return nearest


def memorisation_figures(
    samples: np.ndarray, real: np.ndarray, training: np.ndarray
) -> dict[str, object]:
    """Quartiles of the distances of samples and of held-out real scenes; all (N, M) codes.

    Samples that copy would stand far below the real scenes; about equal means that they do not.
    """
    figures: dict[str, object] = {"training_sequences": len(training)}
    for name, codes in (("samples", samples), ("held_out_real", real)):
        distances = nearest_distances(codes, training)
        figures[name] = {
            "smallest": float(distances.min()),
            "quartile_1": float(np.quantile(distances, 0.25)),
            "median": float(np.median(distances)),
            "quartile_3": float(np.quantile(distances, 0.75)),
        }
    return figures
