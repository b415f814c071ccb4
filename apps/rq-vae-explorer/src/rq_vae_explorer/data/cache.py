"""Where this app may keep what is costly to make again: fetched data sets and compiled programs."""

from __future__ import annotations

import os
from pathlib import Path

CACHE_VARIABLE = "RQ_VAE_EXPLORER_CACHE"


def cache_folder() -> Path:
    """$RQ_VAE_EXPLORER_CACHE, else `rq-vae-explorer` under the user's cache folder."""
    if chosen := os.environ.get(CACHE_VARIABLE):
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "rq-vae-explorer"
