"""Keeps compiled programs on disk, so that only the first start on a machine waits for XLA."""

from __future__ import annotations

import hashlib
import os
import platform
from pathlib import Path

import jax

from rq_vae_explorer.data.cache import cache_folder


def enable_compile_cache() -> None:
    """Use the compile cache from now on; silently do without where the folder cannot be written."""
    if os.environ.get("JAX_COMPILATION_CACHE_DIR"):
        return
    folder = cache_folder() / "xla" / _machine()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return
    if not os.access(folder, os.W_OK):
        return
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.1)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", 0)


def _machine() -> str:
    """A name for this kind of processor: programs compiled for one may crash on another."""
    cpuinfo = Path("/proc/cpuinfo")
    flags = platform.processor()
    if cpuinfo.exists():
        lines = cpuinfo.read_text().splitlines()
        flags = next((line for line in lines if line.startswith(("flags", "Features"))), flags)
    described = f"{platform.machine()} {jax.__version__} {flags}"
    return hashlib.sha256(described.encode()).hexdigest()[:16]
