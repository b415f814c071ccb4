"""The networks of explorer and scene once more, in plain PyTorch, for `benchmarks/peers.py`.

Same layers, same sizes, same losses, written the way PyTorch is usually written. Weights are
random: only speed is compared.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import (
    leaky_relu,
    mse_loss,
    one_hot,
    pixel_shuffle,
    pixel_unshuffle,
    scaled_dot_product_attention,
)

from distill.models.quantizer import QuantizerConfig, ResidualQuantizer


def explorer_step(batch: int, images: Tensor) -> Callable[[], None]:
    """One step of the dense RQ-VAE on uint8 images (N, 784): two levels of 16 codes, EMA."""
    relu = nn.ReLU
    encoder = nn.Sequential(
        nn.Linear(784, 256), relu(), nn.Linear(256, 128), relu(), nn.Linear(128, 2)
    )
    decoder = nn.Sequential(
        nn.Linear(2, 256), relu(), nn.Linear(256, 256), relu(),
        nn.Linear(256, 512), relu(), nn.Linear(512, 784), nn.Sigmoid(),
    )  # fmt: skip
    books = torch.randn(2, 16, 2)
    counts, sums = torch.ones(2, 16), books.clone()
    optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], 1e-3)

    def step() -> None:
        x = images[torch.randint(len(images), (batch,))].float() / 255
        z = encoder(x)
        residual, total, commitment = z, torch.zeros_like(z), torch.zeros(())
        for level in range(2):
            index = torch.cdist(residual.detach(), books[level]).argmin(1)
            code = books[level][index]
            commitment = commitment + mse_loss(residual, code)
            with torch.no_grad():
                chosen = one_hot(index, 16).float()
                counts[level].lerp_(chosen.sum(0), 0.01)
                sums[level].lerp_(chosen.T @ residual, 0.01)
                books[level] = sums[level] / counts[level].clamp_min(1e-3)[:, None]
            residual, total = residual - code, total + code
        loss = mse_loss(decoder(z + (total - z).detach()), x) + 0.25 * commitment
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        loss.item()

    return step


class _Residual(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.one = nn.Conv2d(channels, channels, 3, padding=1)
        self.two = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.two(leaky_relu(self.one(leaky_relu(x, 0.2)), 0.2))


class VQGAN(nn.Module):
    """Encoder, residual quantiser and decoder of configs/vqgan-small.yaml, without a palette."""

    def __init__(self, widths: tuple[int, int, int] = (48, 96, 192), dim: int = 32) -> None:
        super().__init__()
        a, b, c = widths
        self.stem, self.out = nn.Conv2d(48, a, 1), nn.Conv2d(c, dim, 1)
        self.first, self.second, self.third = _Residual(a), _Residual(b), _Residual(c)
        self.down1, self.down2 = nn.Conv2d(4 * a, b, 1), nn.Conv2d(4 * b, c, 1)
        self.quantizer = ResidualQuantizer(QuantizerConfig(4, 512, dim))
        self.enter, self.spread = nn.Conv2d(dim, c, 1), nn.Conv2d(a, 24 * 16, 1)
        self.up1, self.up2 = nn.Conv2d(c, 4 * b, 1), nn.Conv2d(b, 4 * a, 1)
        self.last, self.middle, self.near = _Residual(c), _Residual(b), _Residual(a)
        self.head = nn.Conv2d(24, 3, 1)

    def encode(self, x: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, D, H/16, W/16)."""
        x = self.first(self.stem(pixel_unshuffle(x, 4)))
        x = self.second(self.down1(pixel_unshuffle(x, 2)))
        return self.out(self.third(self.down2(pixel_unshuffle(x, 2))))

    def decode(self, z: Tensor) -> Tensor:
        """(B, D, h, w) -> (B, 3, 16h, 16w)."""
        x = self.middle(pixel_shuffle(self.up1(self.last(self.enter(z))), 2))
        x = self.near(pixel_shuffle(self.up2(x), 2))
        return self.head(leaky_relu(pixel_shuffle(self.spread(x), 4), 0.2))


def vqgan_step(x: Tensor) -> Callable[[], None]:
    """One training step on x (B, 3, H, W): L1, commitment, EMA codebooks, AdamW."""
    model, generator = VQGAN(), torch.Generator().manual_seed(0)
    model.quantizer.codebooks.normal_()
    optimizer = torch.optim.AdamW(model.parameters(), 1e-3)

    def step() -> None:
        z = model.encode(x)
        rows = z.permute(0, 2, 3, 1).reshape(-1, z.shape[1])  # (N, D)
        result = model.quantizer(rows)
        b, d, h, w = z.shape
        z_q = result.z_q.reshape(b, h, w, d).permute(0, 3, 1, 2)
        loss = (model.decode(z_q) - x).abs().mean() + 0.25 * result.commitment
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        model.quantizer.learn(rows.detach(), result.indices, generator)
        loss.item()

    return step


class _Block(nn.Module):
    """Self-attention with a cache, cross-attention to a text, ReLU MLP; pre-norm."""

    def __init__(self, dims: int, heads: int, text: int) -> None:
        super().__init__()
        self.heads = heads
        self.norms = nn.ModuleList(nn.RMSNorm(dims) for _ in range(3))
        self.qkv = nn.Linear(dims, 3 * dims, bias=False)
        self.query = nn.Linear(dims, dims, bias=False)
        self.key_value = nn.Linear(text, 2 * dims, bias=False)
        self.outs = nn.ModuleList(nn.Linear(dims, dims, bias=False) for _ in range(2))
        self.mlp = nn.Sequential(nn.Linear(dims, 4 * dims), nn.ReLU(), nn.Linear(4 * dims, dims))

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)  # (B, heads, N, head_dim)

    def remember(self, text: Tensor) -> tuple[Tensor, Tensor]:
        keys, values = self.key_value(text).chunk(2, -1)
        return self._split(keys), self._split(values)

    def step(self, x: Tensor, memory: tuple, cache: tuple, place: int) -> Tensor:
        query, key, value = (self._split(p) for p in self.qkv(self.norms[0](x)).chunk(3, -1))
        keys, values = cache
        keys[:, :, place : place + 1], values[:, :, place : place + 1] = key, value
        seen = scaled_dot_product_attention(
            query, keys[:, :, : place + 1], values[:, :, : place + 1]
        )
        x = x + self.outs[0](seen.transpose(1, 2).flatten(2))
        query = self._split(self.query(self.norms[1](x)))
        x = x + self.outs[1](
            scaled_dot_product_attention(query, *memory).transpose(1, 2).flatten(2)
        )
        return x + self.mlp(self.norms[2](x))


class Sampler(nn.Module):
    """The image transformer of configs/transformer-small.yaml, sampling with a key/value cache."""

    def __init__(self, dims: int = 192, codes: int = 512, levels: int = 4) -> None:
        super().__init__()
        self.dims, self.levels = dims, levels
        self.blocks = nn.ModuleList(_Block(dims, 2, 128) for _ in range(4))
        self.embed = nn.ModuleList(nn.Embedding(codes, dims) for _ in range(levels))
        self.depth_embed = nn.ModuleList(nn.Embedding(codes, dims) for _ in range(levels - 1))
        self.places = nn.Parameter(torch.randn(240, dims) * 0.02)
        self.above, self.begin = nn.Linear(dims, dims, bias=False), nn.Linear(dims, dims)
        self.depth = nn.Sequential(
            nn.RMSNorm(dims), nn.Linear(dims, 2 * dims), nn.ReLU(), nn.Linear(2 * dims, dims)
        )
        self.norm, self.depth_norm = nn.RMSNorm(dims), nn.RMSNorm(dims)
        self.heads = nn.ModuleList(nn.Linear(dims, codes) for _ in range(levels))

    @torch.inference_mode()
    def generate(self, text: Tensor, temperature: float = 0.9, top_k: int = 100) -> Tensor:
        """Codes (B, 240, L) for text vectors (B, T, 128)."""
        memories = [block.remember(text) for block in self.blocks]
        shape = (len(text), 2, 240, self.dims // 2)
        caches = [(torch.zeros(shape), torch.zeros(shape)) for _ in self.blocks]
        drawn, embedded = [], []
        for place in range(240):
            x = self.places[place] + (embedded[-1] if embedded else 0)
            x = x.expand(len(text), -1)
            if place >= 20:
                x = x + self.above(embedded[place - 20])
            x = x[:, None]
            for block, memory, cache in zip(self.blocks, memories, caches, strict=True):
                x = block.step(x, memory, cache, place)
            drawn.append(self._draw(self.begin(self.norm(x)[:, 0]), temperature, top_k))
            embedded.append(sum(table(drawn[-1][:, k]) for k, table in enumerate(self.embed)))
        return torch.stack(drawn, 1)

    def _draw(self, state: Tensor, temperature: float, top_k: int) -> Tensor:
        codes = []
        for level in range(self.levels):
            logits = self.heads[level](self.depth_norm(state + self.depth(state)))
            best, index = logits.topk(top_k)
            pick = torch.multinomial((best / temperature).softmax(-1), 1)
            codes.append(index.gather(1, pick)[:, 0])
            if level + 1 < self.levels:
                state = state + self.depth_embed[level](codes[-1])
        return torch.stack(codes, 1)
