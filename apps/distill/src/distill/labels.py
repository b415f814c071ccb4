"""Names of the levels, coarsest first."""

from collections.abc import Sequence

DEFAULT_LEVEL_LABELS: dict[int, tuple[str, ...]] = {
    2: ("Structure", "Detail"),
    3: ("Structure", "Timbre", "Detail"),
    4: ("Structure", "Timbre", "Texture", "Detail"),
}


def get_level_labels(num_quantizers: int, custom_labels: Sequence[str] | None = None) -> list[str]:
    """One name per level: the custom ones if there are exactly as many, else the usual ones,
    else "Level 1", "Level 2" and so on."""
    if custom_labels is not None and len(custom_labels) == num_quantizers:
        return [str(label) for label in custom_labels]
    usual = DEFAULT_LEVEL_LABELS.get(num_quantizers)
    return list(usual) if usual else [f"Level {k + 1}" for k in range(num_quantizers)]
