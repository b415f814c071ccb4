"""A folder of drawn scenes: pictures, captions, attributes, object masks.

    images/000000-castle.png   320x200, indexed, in the master palette
    masks/000000-castle.png    indexed: the number of the object that each pixel shows, 0 = none
    layouts/000000-castle.png  20x12, indexed: the label of each position of the token grid
    captions.jsonl             {"image": "000000-castle.png", "caption": "..."}
    attributes.jsonl           {"image": "000000-castle.png", "seed": 0, "place": "castle", ...}
    scenes.json                what was asked for, so that an interrupted run can go on

`make-scenes` writes it, training and evaluation read it.
"""

import json
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from PIL import Image

from scene.errors import SceneError
from scene.outputs import replacing
from scene.synth.attributes import sample_attributes
from scene.synth.canvas import OBJECTS
from scene.synth.layouts import LABEL_COLOURS
from scene.synth.palette import MASTER_PALETTE
from scene.synth.scenes import Plan, Scene, draw_plan, plan_scene

SEEDS_PER_SET = 1_000_000  # the scenes of --seed S have the seeds S * 1,000,000 and up
VERSION = 2  # of the drawing: a folder begun by another one is not continued


@dataclass(frozen=True)
class Order:
    """What a folder holds. ``fixed``: attributes that all scenes share."""

    count: int
    seed: int = 0
    held_out: bool = False
    masks: bool = False
    layouts: bool = False
    fixed: dict[str, str] = field(default_factory=dict)
    version: int = VERSION

    @property
    def folders(self) -> tuple[str, ...]:
        """Those that get a picture per scene."""
        return ("images", *(["masks"] * self.masks), *(["layouts"] * self.layouts))


def plan_order(order: Order) -> list[Plan]:
    """The scenes of an order. Raises SceneError where no scene fits it."""
    if not 1 <= order.count <= SEEDS_PER_SET:
        raise SceneError(f"one folder holds 1 to {SEEDS_PER_SET:,} scenes, not {order.count:,}")
    first = order.seed * SEEDS_PER_SET
    try:
        sample_attributes(np.random.Generator(np.random.PCG64(0)), order.held_out, order.fixed)
        return [
            plan_scene(first + number, order.fixed, order.held_out) for number in range(order.count)
        ]
    except ValueError as error:
        raise SceneError(str(error)) from error


def file_name(number: int, plan: Plan) -> str:
    """Name of scene ``number``: sorting by name keeps the order of the seeds."""
    return f"{number:06d}-{plan.attributes['place']}.png"


def open_folder(folder: Path, order: Order, force: bool) -> None:
    """Make ``folder`` ready for ``order``: new, or begun with the same order.

    Raises SceneError where it holds anything else; ``force`` removes scenes of another order.
    """
    manifest = folder / "scenes.json"
    if folder.exists() and not folder.is_dir():
        raise SceneError(f"{folder} is a file: name a folder")
    if folder.exists() and any(folder.iterdir()):
        known = _read_order(manifest)
        if known == order:
            return
        if not force:
            what = "other scenes" if known else "files that are not scenes"
            raise SceneError(f"{folder} holds {what}: choose another --out or use --force")
        for name in ("images", "masks", "layouts"):
            for old in folder.glob(f"{name}/[0-9]*-*.png"):
                old.unlink()
    for name in order.folders:
        (folder / name).mkdir(parents=True, exist_ok=True)
    _write(manifest, json.dumps(asdict(order), indent=1).encode())


def _read_order(manifest: Path) -> Order | None:
    try:
        return Order(**json.loads(manifest.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def write_scenes(
    folder: Path, plans: Sequence[Plan], order: Order, jobs: int, done: Callable[[], object]
) -> None:
    """Draw the scenes that are not there yet, then write captions and attributes.

    ``done`` is called once per scene of the order, at once for those that were there.
    """
    missing = []
    for number, plan in enumerate(plans):
        name = file_name(number, plan)
        if all((folder / kind / name).exists() for kind in order.folders):
            done()
        else:
            missing.append((folder, name, plan, order.folders))
    for _ in _spread(missing, min(jobs, len(missing))):
        done()
    _write_lines(folder, plans)


def _spread(tasks: list[tuple[Path, str, Plan, tuple[str, ...]]], jobs: int) -> Iterator[None]:
    """Write the scenes on ``jobs`` processes, in order. Called from the main thread."""
    if jobs <= 1:
        yield from map(_write_scene, tasks)
        return
    # Spawned, not forked: the same on every system, and no thread of the caller is copied.
    pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"))
    # Ctrl-C reaches all processes of a terminal, only this one is to act on it: the others are
    # born while it is ignored.
    on_interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        results = pool.map(_write_scene, tasks, chunksize=8)
    finally:
        signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield from results
    finally:
        pool.shutdown(cancel_futures=True)


def _write_scene(task: tuple[Path, str, Plan, tuple[str, ...]]) -> None:
    folder, name, plan, kinds = task
    scene = draw_plan(plan)
    _write(folder / "images" / name, _png(scene.indices, MASTER_PALETTE))
    if "masks" in kinds:
        _write(folder / "masks" / name, _png(object_numbers(scene), _mask_palette()))
    if "layouts" in kinds:
        _write(folder / "layouts" / name, _png(scene.layout, LABEL_COLOURS))


def object_numbers(scene: Scene) -> np.ndarray:
    """(200, 320) uint8: 1 + the place in ``OBJECTS`` of what each pixel shows, 0 for none."""
    numbers = np.zeros(scene.indices.shape, np.uint8)
    for number, name in enumerate(OBJECTS, start=1):
        numbers[scene.masks[name]] = number
    return numbers


def read_masks(path: Path) -> dict[str, np.ndarray]:
    """For each kind of object the pixels (200, 320) bool of a mask file.

    Raises SceneError where the file is missing or no mask.
    """
    try:
        with Image.open(path) as image:
            numbers = np.asarray(image) if image.mode == "P" else None
    except (OSError, SyntaxError, ValueError) as error:
        raise SceneError(f"{path}: no mask that make-scenes --masks wrote") from error
    if numbers is None or numbers.max(initial=0) > len(OBJECTS):
        raise SceneError(f"{path}: no mask that make-scenes --masks wrote")
    return {name: numbers == number for number, name in enumerate(OBJECTS, start=1)}


def contact_sheet(paths: Iterable[Path], columns: int = 6) -> Image.Image:
    """The pictures side by side on black, in rows of ``columns``, indexed like them."""
    pictures = []
    for path in paths:
        with Image.open(path) as image:
            pictures.append(np.asarray(image))
    height, width = pictures[0].shape
    rows = -(-len(pictures) // columns)
    sheet = np.zeros((rows * (height + 4) - 4, columns * (width + 4) - 4), np.uint8)
    for number, picture in enumerate(pictures):
        top, left = number // columns * (height + 4), number % columns * (width + 4)
        sheet[top : top + height, left : left + width] = picture
    return _indexed(sheet, MASTER_PALETTE)


def _mask_palette() -> np.ndarray:
    """Colours that tell the objects apart when a mask is looked at."""
    chosen = MASTER_PALETTE[[0, 37, 54, 21, 20, 44, 18, 28, 50, 11]]
    return chosen[: len(OBJECTS) + 1]


def _indexed(indices: np.ndarray, palette: np.ndarray) -> Image.Image:
    image = Image.new("P", indices.shape[::-1])
    image.frombytes(indices.tobytes())
    image.putpalette(palette.tobytes())
    return image


def _png(indices: np.ndarray, palette: np.ndarray) -> bytes:
    from io import BytesIO

    buffer = BytesIO()
    _indexed(indices, palette).save(buffer, "PNG")
    return buffer.getvalue()


def _write_lines(folder: Path, plans: Sequence[Plan]) -> None:
    captions, attributes = [], []
    for number, plan in enumerate(plans):
        name = file_name(number, plan)
        captions.append({"image": name, "caption": plan.caption})
        attributes.append({"image": name, "seed": plan.seed} | plan.attributes)
    for file, rows in (("captions.jsonl", captions), ("attributes.jsonl", attributes)):
        _write(folder / file, "".join(json.dumps(row) + "\n" for row in rows).encode())


def _write(path: Path, content: bytes) -> None:
    with replacing(path) as file:
        file.write(content)
