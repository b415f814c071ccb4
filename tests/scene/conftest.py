"""The fast BLAS, before a test loads MLX, whose own takes the slowest of them six times as long."""

import scene.blas

assert scene.blas.STATUS.source != "too late", "something imported mlx before these tests"
