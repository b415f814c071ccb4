"""Give MLX a fast BLAS on Linux CPUs. Import this before `mlx.core`.

MLX's Linux CPU wheel bundles the reference BLAS under its public symbol names, which makes
matrix products and convolutions 10 to 30 times slower than the machine allows. A symbol that
is already in the global namespace wins, so an OpenBLAS opened with RTLD_GLOBAL *before* MLX is
imported takes over; opened afterwards it changes nothing.

macOS (Accelerate) and CUDA builds need none of this. Every package of this app that uses MLX
imports this module first; `SCENE_BLAS=off` leaves MLX's own BLAS in place (for comparisons),
and OpenBLAS reads `OPENBLAS_NUM_THREADS` itself.
"""

import ctypes
import importlib.metadata
import importlib.util
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

SYSTEM_LIBRARIES = ("libopenblas.so.0", "libopenblas.so")
CUDA_BACKENDS = ("mlx-cuda-12", "mlx-cuda-13")
WARNING = (
    "scene: no OpenBLAS found, MLX falls back on its reference BLAS: expect training and "
    "generation to take 10 to 30 times longer. Mend: install the system's OpenBLAS "
    "(Debian, Ubuntu: apt install libopenblas0)."
)


@dataclass(frozen=True)
class BlasStatus:
    """Which BLAS MLX will use: `source` says where it came from, `path` the library opened."""

    source: Literal["native", "packaged", "system", "reference", "off", "too late"]
    path: str | None = None


def packaged_library() -> Path | None:
    """The OpenBLAS inside the `ngsolve-openblas` wheel, if that is installed."""
    spec = importlib.util.find_spec("ngsolve_openblas")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        for library in sorted(Path(folder).glob("libopenblas*.so*")):
            return library
    return None


def _uses_own_blas() -> bool:
    """Whether MLX's build brings a fast BLAS of its own: Accelerate on macOS, cuBLAS on CUDA."""
    return sys.platform != "linux" or any(map(_is_installed, CUDA_BACKENDS))


def _is_installed(distribution: str) -> bool:
    try:
        importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _open(name: str) -> bool:
    try:
        ctypes.CDLL(name, mode=ctypes.RTLD_GLOBAL)
    except OSError:
        return False
    return True


def _lend_fortran_runtime() -> None:
    """Load the Fortran runtime that MLX's wheel bundles under the name that OpenBLAS asks for.

    The packaged OpenBLAS needs `libgfortran.so.5`, which a machine without a Fortran compiler
    lacks. The wheel's private copy differs in its SONAME alone, and the loader matches a needed
    library by SONAME: so a copy in memory, with that one string restored, serves.
    """
    mlx = importlib.util.find_spec("mlx")
    for root in (mlx.submodule_search_locations or ()) if mlx else ():
        libraries = Path(root).parent / "mlx_cpu.libs"
        for quadmath in libraries.glob("libquadmath*.so*"):
            _open(str(quadmath))
        for fortran in libraries.glob("libgfortran*.so*"):
            private = fortran.name.encode()
            public = b"libgfortran.so.5".ljust(len(private), b"\0")
            memory = os.memfd_create("libgfortran")
            try:
                os.write(memory, fortran.read_bytes().replace(private, public))
                _open(f"/proc/self/fd/{memory}")
            finally:
                os.close(memory)


def load() -> BlasStatus:
    """Open the first OpenBLAS found: the packaged one, then the system's; warn if there is none."""
    if _uses_own_blas():
        return BlasStatus("native")
    if os.environ.get("SCENE_BLAS") == "off":
        return BlasStatus("off")
    if "mlx.core" in sys.modules:
        return BlasStatus("too late")
    packaged = packaged_library()
    if packaged:
        if not _open(str(packaged)):
            _lend_fortran_runtime()
        if _open(str(packaged)):
            return BlasStatus("packaged", str(packaged))
    for name in SYSTEM_LIBRARIES:
        if _open(name):
            return BlasStatus("system", name)
    print(WARNING, file=sys.stderr)
    return BlasStatus("reference")


STATUS = load()
