"""Training of the VQGAN: batches of crops, one optimiser step, validation, sample sheets."""

from collections.abc import Mapping
from pathlib import Path

import scene.blas  # noqa: F401  isort: skip  (before mlx)

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
import numpy as np
from mlx.utils import tree_flatten
from PIL import Image

from scene.checkpoints import (
    MODEL,
    OPTIMIZER,
    PROGRESS,
    SETTINGS,
    build_vqgan,
    flat_parameters,
    load_weights,
    read_arrays,
    save_checkpoint,
    unflatten,
    vqgan_documents,
)
from scene.colours import PaletteIndex, collect_palette
from scene.config import VQGANConfig
from scene.dataset import ImageDataset
from scene.errors import SceneError
from scene.evaluation.reconstruction import psnr, reconstruct
from scene.images import save_png, to_float, to_uint8
from scene.training.batches import Batch, BatchMaker, split
from scene.training.distributed import ALONE, Processes
from scene.training.loop import StepReport, scalar
from scene.vqgan import VQGAN, PatchDiscriminator
from scene.vqgan.discriminator import adaptive_weight, discriminator_hinge, generator_hinge
from scene.vqgan.losses import edge_mask, gradient_loss, l1_loss, palette_loss
from vq_common.health import usage_counts

VALIDATION_PICTURES = 32
SAMPLE_PICTURES = 8
START_BATCHES, START_VECTORS = 64, 8192  # what the k-means start looks at
USAGE_WINDOW = 50  # steps over which the bar counts used codes


class VQGANTrainer:
    """Owns model, optimisers and data of one run; the loop calls it."""

    name = "vqgan"

    def __init__(
        self,
        config: VQGANConfig,
        dataset: ImageDataset,
        start_from: Path | None = None,
        peers: Processes = ALONE,
    ) -> None:
        """`start_from`: checkpoint whose weights and palette the run begins with; `peers`: the
        processes that share each batch."""
        self.peers = peers
        self.config = config
        self.training = config.training
        self.dataset = dataset
        self.fit_items, self.held_items = split(
            len(dataset), self.training.validation_share, self.training.seed
        )
        if len(self.fit_items) < self.training.batch_size:
            raise SceneError(
                f"{len(self.fit_items)} training pictures (of {len(dataset)}) are fewer than "
                f"batch_size {self.training.batch_size}: lower batch_size or add pictures"
            )
        self.steps_per_epoch = len(self.fit_items) // self.training.batch_size
        self.palette_index = self._find_palette(start_from)
        self.batches = BatchMaker(config, dataset, self.fit_items, self.palette_index, peers)
        mx.random.seed(self.training.seed)
        self.model = build_vqgan(config, self._palette())
        if start_from:
            load_weights(self.model, start_from)
        if self.training.decoder_only:
            self.model.encoder.freeze()
            self.model.quantizer.freeze()
        self.discriminator = PatchDiscriminator(
            config.model.in_channels,
            config.loss.discriminator_channels,
            config.loss.discriminator_layers,
        )
        self.optimizer = self._adam(self.training.learning_rate, (0.9, 0.99))
        self.judge_optimizer = self._adam(config.loss.discriminator_rate, (0.5, 0.9))
        self.optimizer.init(self.model.trainable_parameters())
        self.judge_optimizer.init(self.discriminator.trainable_parameters())
        self.usage: list[np.ndarray] = []
        self.model.quantizer.join(peers)
        mx.eval(self.model.state, self.discriminator.state)
        peers.agree(self.model)
        peers.agree(self.discriminator)

    def _find_palette(self, start_from: Path | None) -> PaletteIndex | None:
        size = self.config.model.palette_size
        if not size:
            return None
        if start_from:
            colours = read_arrays(start_from, MODEL)["palette_head.palette"]
            return PaletteIndex(to_uint8(np.asarray(colours)))
        return PaletteIndex(
            collect_palette(self.dataset.pixels[self.fit_items], size, self.training.seed)
        )

    def _palette(self) -> mx.array | None:
        return (
            None if self.palette_index is None else mx.array(to_float(self.palette_index.palette))
        )

    def _adam(self, rate: float, betas: tuple[float, float]) -> optim.AdamW:
        # MLX leaves Adam's bias correction off by default: the first step would be 3x too long.
        return optim.AdamW(
            rate, betas=list(betas), weight_decay=self.training.weight_decay, bias_correction=True
        )

    def train_step(self, step: int, learning_rate: float, done: float) -> StepReport:
        """One update of the model, and of the discriminator once it takes part."""
        batch = self.batches.batch(step)
        loss = self.config.loss
        settled = self.training.decoder_only
        quantize = settled or step >= self.training.continuous_steps
        if not settled and step == self.training.continuous_steps:
            self._start_codebooks(step)
        adversarial = loss.adversarial > 0 and done >= loss.adversarial_start
        self.model.train()
        self.model.quantizer.train(not settled)

        def objective(model: VQGAN) -> tuple[mx.array, dict[str, mx.array], mx.array]:
            return self._objective(model, batch, quantize, adversarial)

        (total, terms, indices), grads = nn.value_and_grad(self.model, objective)(self.model)
        grads, norm = optim.clip_grad_norm(self.peers.average(grads), self.training.clip_norm)
        self.optimizer.learning_rate = learning_rate
        self.optimizer.update(self.model, grads)
        mx.eval(self.model.state, self.optimizer.state, total, terms, norm, indices)
        figures = {name: scalar(value) for name, value in terms.items()}
        figures["gradient_norm"] = scalar(norm)
        if adversarial:
            figures["discriminator"] = self._train_discriminator(batch.x)
        codes = self._count(indices, step) if quantize else 0
        return StepReport(scalar(total), figures, codes)

    def _start_codebooks(self, step: int) -> None:
        """K-means on the latents of the coming batches."""
        self.model.eval()
        latents, count = [], 0
        for ahead in range(START_BATCHES):
            crops = self.batches.crops(step + ahead)[self.peers.share(self.training.batch_size)]
            z = self.model.encoder(mx.array(to_float(crops)))
            latents.append(self.peers.gather(z.reshape(-1, z.shape[-1])))
            mx.eval(latents)
            count += len(latents[-1])
            if count >= START_VECTORS:
                break
        self.model.quantizer.start_from(mx.concatenate(latents)[:START_VECTORS], iterations=10)
        mx.eval(self.model.state)

    def _objective(
        self, model: VQGAN, batch: Batch, quantize: bool, adversarial: bool
    ) -> tuple[mx.array, dict[str, mx.array], mx.array]:
        loss = self.config.loss
        out = model.run(batch.x, quantize)
        terms = {"l1": l1_loss(out.rgb, batch.x), "commitment": out.vq_loss}
        total = out.vq_loss + loss.l1 * terms["l1"]
        if loss.gradient:
            terms["gradient"] = gradient_loss(out.rgb, batch.x)
            total = total + loss.gradient * terms["gradient"]
        if model.palette_head is not None and batch.classes is not None:
            features = out.features.reshape(-1, out.features.shape[-1])[batch.pixels]  # (P, F)
            rgb = out.rgb.reshape(-1, 3)[batch.pixels]  # (P, 3)
            logits = model.palette_head(features, rgb)
            palette = palette_loss(logits, batch.classes, loss.focal)
            terms["palette"] = batch.pixel_weight * palette
            total = total + loss.palette * terms["palette"]
        if adversarial:
            total = total + loss.adversarial * self._adversarial(model, out.features, batch.x)
        return total, terms, out.indices

    def _adversarial(self, model: VQGAN, features: mx.array, x: mx.array) -> mx.array:
        """Generator's hinge loss times the adaptive weight at the decoder's last layer."""
        head = model.decoder.head
        still = mx.stop_gradient(features)

        def reconstruct(weight: mx.array) -> mx.array:
            return l1_loss(still @ weight.T + head.bias, x)

        def fool(weight: mx.array) -> mx.array:
            return generator_hinge(self.discriminator(still @ weight.T + head.bias))

        weight = mx.stop_gradient(head.weight)
        reconstruct_grad, fool_grad = self.peers.average(
            [mx.grad(reconstruct)(weight), mx.grad(fool)(weight)]
        )
        ratio = adaptive_weight(reconstruct_grad, fool_grad)
        return ratio * generator_hinge(self.discriminator(head(features)))

    def _train_discriminator(self, x: mx.array) -> float:
        self.model.eval()
        fake = mx.stop_gradient(self.model.run(x).rgb)

        def objective(judge: PatchDiscriminator) -> mx.array:
            return discriminator_hinge(judge(x), judge(fake))

        loss, grads = nn.value_and_grad(self.discriminator, objective)(self.discriminator)
        self.judge_optimizer.update(self.discriminator, self.peers.average(grads))
        mx.eval(self.discriminator.state, self.judge_optimizer.state, loss)
        return scalar(loss)

    def _count(self, indices: mx.array, step: int) -> int:
        """Mean number of codes per level in use over the current window of steps."""
        model = self.config.model
        codes = np.asarray(indices).reshape(-1, model.num_levels)
        if step % USAGE_WINDOW == 0:
            self.usage = []
        counts = usage_counts(codes, model.codebook_size)
        self.usage.append(np.asarray(self.peers.total(mx.array(counts))))
        return round(np.count_nonzero(np.sum(self.usage, axis=0)) / model.num_levels)

    def validate(self) -> dict[str, float]:
        """Figures on whole held-out pictures; `loss` is the share of wrong pixels plus that on
        edges with a palette, the L1 plus gradient loss without."""
        self.model.eval()
        pixels = self.dataset.pixels[self.held_items[:VALIDATION_PICTURES]]
        drawn, codes = reconstruct(self.model, pixels)
        counts = usage_counts(codes.reshape(-1, codes.shape[-1]), self.config.model.codebook_size)
        figures = {
            "psnr": psnr(pixels, drawn),
            "codes_used": float(np.count_nonzero(counts, axis=1).mean()),
        }
        if self.palette_index is None:
            a, b = mx.array(to_float(pixels)), mx.array(to_float(drawn))
            return {"loss": scalar(l1_loss(a, b) + gradient_loss(a, b))} | figures
        truth, seen = self.palette_index.classes(pixels), self.palette_index.classes(drawn)
        right, edges = truth == seen, edge_mask(truth)
        wrong = {"right": float(right.mean()), "right_on_edges": float(right[edges].mean())}
        return {"loss": 2.0 - sum(wrong.values())} | wrong | figures

    def draw_samples(self, path: Path) -> None:
        """Held-out pictures above their reconstructions, four pairs a row."""
        self.model.eval()
        pixels = self.dataset.pixels[self.held_items[:SAMPLE_PICTURES]]
        drawn, _ = reconstruct(self.model, pixels)
        rows = []
        for start in range(0, len(pixels), 4):
            for strip in (pixels[start : start + 4], drawn[start : start + 4]):
                rows.append(np.concatenate(list(strip), axis=1))
        width = max(row.shape[1] for row in rows)
        rows = [np.pad(r, ((0, 0), (0, width - r.shape[1]), (0, 0))) for r in rows]
        save_png(path, Image.fromarray(np.concatenate(rows)))

    def save(self, folder: Path, progress: Mapping[str, object], full: bool) -> None:
        """Write a checkpoint; `full` adds what an exact resume needs."""
        arrays = {MODEL: flat_parameters(self.model)}
        if full:
            arrays[OPTIMIZER] = dict(
                tree_flatten(
                    {
                        "optimizer": self.optimizer.state,
                        "judge_optimizer": self.judge_optimizer.state,
                        "discriminator": self.discriminator.parameters(),
                    }
                )
            )
        documents = {SETTINGS: vqgan_documents(self.config), PROGRESS: progress}
        save_checkpoint(folder, arrays, documents)

    def load(self, folder: Path) -> None:
        """Take up a full checkpoint."""
        load_weights(self.model, folder)
        arrays = read_arrays(folder, OPTIMIZER)
        self.optimizer.state = unflatten(arrays, "optimizer")
        self.judge_optimizer.state = unflatten(arrays, "judge_optimizer")
        self.discriminator.update(unflatten(arrays, "discriminator"))
        mx.eval(self.optimizer.state, self.judge_optimizer.state, self.discriminator.state)
