"""The model and the sounds that come with distill; CARD.md tells their origin and licence."""

from pathlib import Path

SHIPPED_MODEL = Path(__file__).parent / "sonic-pi-cc0.distill"
EXAMPLES = Path(__file__).parent / "examples"
