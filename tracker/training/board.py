"""TensorBoard: scalars, and pictures of pairs: their boxes, score maps and by how much attention changes the map."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tracker.errors import InputError
from tracker.training.data import Batch
from tracker.training.step import Run
from tracker.training.validate import best_boxes

SHOWN = 4  # pairs in a picture
CAPTIONS = ("template", "true green, found red", "score", "changed by attention")
TRUE, FOUND = (0, 255, 0), (0, 0, 255)  # BGR
Image = NDArray[np.uint8]


class Board:
    """Writes to a folder that `tensorboard --logdir` reads. Raises InputError where TensorBoard is not installed."""

    def __init__(self, folder: Path, step: int) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            raise InputError("--tensorboard: TensorBoard is not installed; pip install 'siamsa[train]'") from None
        self.writer: Any = SummaryWriter(str(folder), purge_step=step)

    def scalars(self, step: int, values: dict[str, float]) -> None:
        """Add numbers; a name with `/` keeps its group, others go to `train/`."""
        for name, value in values.items():
            self.writer.add_scalar(name if "/" in name else f"train/{name}", value, step)

    def pictures(self, run: Run, batch: Batch) -> None:
        """Add a sheet of the batch's first pairs."""
        sheet = picture(run, batch)
        self.writer.add_image("pairs", sheet[..., ::-1].copy(), run.step, dataformats="HWC")

    def close(self) -> None:
        """Write what is left."""
        self.writer.close()


def picture(run: Run, batch: Batch) -> Image:
    """A sheet (BGR), one pair a row: template, search with true (green) and found box (red), score map, and by how much
    attention changes the search crop's deepest map: red is as much as the map's mean size, or more."""
    net = run.average.net if run.average else run.net
    was_training = net.training
    net.eval()
    template, search = (batch[k][:SHOWN].to(run.device) for k in ("template", "search"))
    changes: list[Tensor] = []
    with torch.no_grad(), _recorded(net.attention, changes):
        cls, loc = net(net.embed(template), search)
    net.train(was_training)
    found = best_boxes(cls, loc).cpu().numpy()
    scores = cls.softmax(1)[:, 1].float().cpu().numpy()
    change = changes[-1].cpu().numpy()  # of the deepest level of the search crop, which came last
    rows = []
    for i in range(len(search)):
        z, x = (_image(crop[i]) for crop in (template, search))
        boxed = x.copy()
        _draw(boxed, found[i], FOUND)
        if not bool(batch["negative"][i]):
            _draw(boxed, batch["box"][i].numpy(), TRUE)
        side = x.shape[0]
        frame = np.zeros((side, z.shape[1], 3), np.uint8)
        frame[: z.shape[0]] = z
        rows.append(np.hstack((frame, boxed, heat(x, scores[i], 1.0, 31), heat(x, change[i], 1.0, 0))))
    widths = [z.shape[1], *[x.shape[1]] * 3]
    return np.vstack((np.hstack([_caption(text, w) for text, w in zip(CAPTIONS, widths, strict=True)]), *rows))


def heat(image: Image, values: NDArray[np.float32], top: float, margin: int) -> Image:
    """An image under a map of values 0..`top`, whose outer points lie `margin` pixels inside of its edge."""
    side = image.shape[0]
    level = np.clip(values / max(float(top), 1e-9) * 255, 0, 255).astype(np.uint8)
    inner = cv2.resize(level, (side - 2 * margin, side - 2 * margin), interpolation=cv2.INTER_LINEAR)
    whole = cv2.copyMakeBorder(inner, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=0)
    return np.asarray(cv2.addWeighted(image, 0.5, cv2.applyColorMap(whole, cv2.COLORMAP_JET), 0.5, 0), np.uint8)


@contextmanager
def _recorded(modules: nn.Module, changes: list[Tensor]) -> Iterator[None]:
    """Note how much each attention module changes its map at each position: N,H,W, the mean over channels as part of
    that of the whole map."""

    def note(_: nn.Module, given: tuple[Tensor, ...], made: Tensor) -> None:
        change, whole = (made - given[0]).abs().mean(1).float(), given[0].abs().float().mean((1, 2, 3))
        changes.append(change / whole[:, None, None].clamp(min=1e-9))

    hooks = [module.register_forward_hook(note) for module in modules.children()]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _caption(text: str, width: int) -> Image:
    strip = np.zeros((18, width, 3), np.uint8)
    return np.asarray(cv2.putText(strip, text, (4, 13), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (255, 255, 255), 1, cv2.LINE_AA))


def _image(planes: Tensor) -> Image:
    return np.ascontiguousarray(planes.cpu().numpy().transpose(1, 2, 0)).astype(np.uint8)


def _draw(image: Image, box: NDArray[np.float32], colour: tuple[int, int, int]) -> None:
    x1, y1, x2, y2 = (round(float(np.clip(v, -999, 9999))) for v in box)
    cv2.rectangle(image, (x1, y1), (x2, y2), colour, 1)
