"""The ranking losses, forward and backward: ours against the loops over images that they are usually written as.

    python benchmarks/speed/losses.py --batch 28

Two loops, both written here from the equations, are the baselines, and each gives a ratio. One has the published shape:
it goes over images and lists the pairs of an image's positives one by one. The other goes over images only and makes an
image's pairs at once. All three must agree, in value and in gradient. Each round times them one after the other, in CPU
seconds of this process, so that a busy machine counts for little; the ratio is the median over the rounds.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import torch
from torch import Tensor

from tracker.cli.main import script
from tracker.data.labels import point_distances, point_labels
from tracker.errors import InputError
from tracker.models.losses import classification_ranking, iou_guided_ranking, points

Form = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]
GAMMA, SCALE, MARGIN = 5.0, 4.0, 0.5


def ours(logits: Tensor, labels: Tensor, distances: Tensor, boxes: Tensor) -> Tensor:
    """CR + IGR1 + IGR2 of this project."""
    return classification_ranking(logits, labels) + sum(iou_guided_ranking(logits, labels, distances, boxes, GAMMA))


def loop_over_images(logits: Tensor, labels: Tensor, distances: Tensor, boxes: Tensor) -> Tensor:
    """The same, image by image."""
    return _by_image(logits, labels, distances, boxes, _pairs_at_once)


def published_loop(logits: Tensor, labels: Tensor, distances: Tensor, boxes: Tensor) -> Tensor:
    """The same, image by image, with the pairs listed one by one."""
    return _by_image(logits, labels, distances, boxes, _pairs_listed)


def _by_image(
    logits: Tensor,
    labels: Tensor,
    distances: Tensor,
    boxes: Tensor,
    guided: Callable[[Tensor, Tensor], list[list[Tensor]]],
) -> Tensor:
    ranking, igr1, igr2 = [], [], []
    for image in range(len(logits)):
        p = logits[image].softmax(0)[1].flatten()
        flat = labels[image].flatten()
        positive, negative = p[flat == 1], p[flat == 0]
        if (loss := _classification(positive, negative)) is not None:
            ranking.append(loss)
        if len(positive):
            overlap = _overlaps(distances[image].flatten(1)[:, flat == 1], torch.nonzero(flat == 1)[:, 0], boxes[image])
            one, two = guided(positive, overlap)
            igr1 += [sum(one) / len(one)] if one else []
            igr2 += [sum(two) / len(two)] if two else []
    zero = logits.sum() * 0
    return sum((sum(part) / len(part) for part in (ranking, igr1, igr2) if part), zero)


def _classification(positive: Tensor, negative: Tensor) -> Tensor | None:
    if len(positive):
        if not (negative > 0.5).any():
            return None
        count, mean = len(positive), positive.mean()
    else:
        count, mean = max(8, int((negative > 0.5).sum())), negative.new_ones(())
    if not len(negative):
        return None
    top = negative.sort(descending=True).values[:count]
    hardest = (top.softmax(0) * top).sum()
    return torch.log(1 + torch.exp(SCALE * (hardest - mean + MARGIN))) / SCALE


def _overlaps(sides: Tensor, index: Tensor, box: Tensor) -> Tensor:
    x, y = points(25)[index % 25], points(25)[index // 25]
    left, top, right, bottom = sides
    w = (torch.minimum(x + right, box[2]) - torch.maximum(x - left, box[0])).clamp(min=0)
    h = (torch.minimum(y + bottom, box[3]) - torch.maximum(y - top, box[1])).clamp(min=0)
    inter = w * h
    return inter / ((left + right) * (top + bottom) + (box[2] - box[0]) * (box[3] - box[1]) - inter).clamp(min=1e-6)


def _pairs_at_once(p: Tensor, overlap: Tensor) -> list[list[Tensor]]:
    out = []
    for key, value, other in ((overlap, p, p), (p, overlap, overlap.detach())):
        order = key.detach().sort(descending=True).indices
        first, second = torch.triu_indices(len(order), len(order), 1)
        i, j = order[first], order[second]
        better = key[i] > key[j]
        i, j = i[better], j[better]
        out.append([torch.exp(-GAMMA * (value[i] - other[j])).mean()] if len(i) else [])
    return out


def _pairs_listed(p: Tensor, overlap: Tensor) -> list[list[Tensor]]:
    out = []
    for key, value, other in ((overlap, p, p), (p, overlap, overlap.detach())):
        order = key.detach().sort(descending=True).indices
        count = len(order) * (len(order) - 1) // 2
        i, j = torch.zeros(count, dtype=torch.long), torch.zeros(count, dtype=torch.long)
        number = 0
        for place in range(len(order)):
            for after in range(place + 1, len(order)):
                i[number], j[number] = order[place], order[after]
                number += 1
        i, j = i[key[i] > key[j]], j[key[i] > key[j]]
        out.append([torch.exp(-GAMMA * (value[i] - other[j])).mean()] if len(i) else [])
    return out


def example(batch: int, positives: int, seed: int = 0) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """A batch as training sees it: four pairs in five with a target, 16 positives and 48 negatives kept of each."""
    torch.manual_seed(seed)
    boxes, labels, target = [], [], []
    for image in range(batch):
        size, centre = 48 + 64 * torch.rand(2), 127 + 40 * (torch.rand(2) - 0.5)
        box = torch.cat((centre - size / 2, centre + size / 2))
        label = torch.from_numpy(point_labels(box.numpy(), negative=image % 5 == 4)).flatten()
        for value, most in ((1, positives), (0, 48)):
            there = torch.nonzero(label == value)[:, 0]
            label[there[torch.randperm(len(there))[most:]]] = -1
        labels.append(label.view(25, 25))
        boxes.append(box)
        target.append(torch.from_numpy(point_distances(box.numpy())))
    distances = torch.stack(target).clamp(min=1) * (0.7 + 0.6 * torch.rand(batch, 4, 25, 25))
    return 2 * torch.randn(batch, 2, 25, 25), torch.stack(labels), distances, torch.stack(boxes)


def once(form: Form, data: tuple[Tensor, Tensor, Tensor, Tensor]) -> tuple[float, Tensor, Tensor]:
    """CPU seconds of forward and backward, the value, and the gradients as one vector."""
    logits, labels, distances, boxes = data
    logits, distances = logits.clone().requires_grad_(True), distances.clone().requires_grad_(True)
    begun = time.process_time()
    value = form(logits, labels, distances, boxes)
    value.backward()
    took = time.process_time() - begun
    assert logits.grad is not None and distances.grad is not None
    return took, value.detach(), torch.cat((logits.grad.flatten(), distances.grad.flatten()))


def main() -> int:
    """Check that the forms agree, time them in turns, print."""
    args = _parse()
    if args.threads:
        torch.set_num_threads(args.threads)
    data = example(args.batch, args.positives)
    forms: dict[str, Form] = {
        "ours": ours,
        "loop over images that lists pairs (published)": published_loop,
        "loop over images only": loop_over_images,
    }
    _, value, gradient = once(ours, data)
    for name, form in forms.items():
        _, same, slope = once(form, data)
        if not (torch.allclose(same, value, rtol=1e-4) and torch.allclose(slope, gradient, rtol=1e-3, atol=1e-6)):
            raise InputError(f"the loop {name} gives {float(same):.6f}, ours {float(value):.6f}, or other gradients")
    times: dict[str, list[float]] = {name: [] for name in forms}
    for _ in range(args.rounds):
        for name, form in forms.items():
            repeats = 20 if form is ours else 1
            times[name].append(sum(once(form, data)[0] for _ in range(repeats)) / repeats)
    for name, found in times.items():
        ratio = statistics.median(slow / quick for slow, quick in zip(found, times["ours"], strict=True))
        faster = "" if name == "ours" else f": ours is {ratio:.1f} times as fast"
        print(f"{name:>45}: {1000 * statistics.median(found):8.2f} ms{faster}")
    return 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--batch", type=int, default=28, help="images (default: 28)")
    parser.add_argument("--positives", type=int, default=16, help="positive points kept, per image (default: 16)")
    parser.add_argument("--rounds", type=int, default=20, help="rounds of timing (default: 20)")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads, 0 = all (default: 1)")
    return parser.parse_args()


if __name__ == "__main__":
    script(main, Path(__file__).name)
