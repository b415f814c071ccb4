"""PatchGAN discriminator without strided convolutions, and the hinge losses.

Isola et al. 2017 (arXiv:1611.07004) judge overlapping patches; hinge losses as in VQGAN
(Esser et al. 2021, arXiv:2012.09841). Each stage halves by space-to-depth + linear and looks
around with one 3x3 convolution: conv, norm, activation, in that order. With three stages one
output sees 36x36 pixels.
"""

import itertools

import mlx.core as mx
import mlx.nn as nn

from scene.vqgan.blocks import Conv3x3, Downsample, leaky_relu, linear


class PatchDiscriminator(nn.Module):
    """(B, H, W, in_channels) -> realness map (B, H/2^n, W/2^n, 1), unbounded."""

    def __init__(self, in_channels: int = 3, channels: int = 64, num_layers: int = 3) -> None:
        super().__init__()
        widths = [in_channels] + [channels * min(2**i, 4) for i in range(num_layers)]
        self.downs = [Downsample(a, b) for a, b in itertools.pairwise(widths)]
        self.convs = [Conv3x3(width, width) for width in widths[1:]]
        self.norms = [nn.RMSNorm(width) for width in widths[1:]]
        self.out = linear(widths[-1], 1)

    def __call__(self, x: mx.array) -> mx.array:
        for down, conv, norm in zip(self.downs, self.convs, self.norms, strict=True):
            x = leaky_relu(norm(conv(down(x))))
        return self.out(x)


def discriminator_hinge(real: mx.array, fake: mx.array) -> mx.array:
    """Mean hinge loss of the discriminator on realness maps of real and generated pictures."""
    return 0.5 * (mx.maximum(1 - real, 0).mean() + mx.maximum(1 + fake, 0).mean())


def generator_hinge(fake: mx.array) -> mx.array:
    """Loss of the generator: minus the mean realness of what it drew."""
    return -fake.mean()


def adaptive_weight(
    reconstruction_grad: mx.array, adversarial_grad: mx.array, limit: float = 1e4
) -> mx.array:
    """Ratio of gradient norms at the decoder's last layer (VQGAN, equation 7), detached."""
    ratio = mx.linalg.norm(reconstruction_grad) / (mx.linalg.norm(adversarial_grad) + 1e-4)
    return mx.stop_gradient(mx.clip(ratio, 0.0, limit))
