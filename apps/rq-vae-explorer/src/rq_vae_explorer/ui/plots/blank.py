"""What every figure is when there is nothing to draw."""

from matplotlib.figure import Figure


def plot_nothing(text: str = "No data yet") -> Figure:
    """A small figure that only says `text`."""
    figure = Figure(figsize=(5, 3))
    figure.text(0.5, 0.5, text, ha="center", va="center", fontsize=14, color="#646a7e")
    return figure
