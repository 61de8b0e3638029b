"""UAV123 layout (Mueller et al., ECCV 2016): `data_seq/UAV123/<folder>/000001.jpg`, `anno/<set>/<sequence>.txt`.

Several sequences are segments of one folder of images; rows of NaN are frames without the target. The 10 frames/s
version has every third frame, numbered anew; it is recognised by its number of rows. `anno/<set>/att/<sequence>.txt`
has twelve zeros or ones, one an attribute.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from tracker.errors import InputError
from tracker.evaluation.readers.base import READERS, Reader, folders_in
from tracker.evaluation.sequence import Sequence
from tracker.evaluation.text import key, read_boxes, read_rows

# In the order of the files, as the authors' perfPlot.m and the table in their DatasetAnnotation.pdf have it: scale
# variation, aspect ratio change, low resolution, fast motion, full and partial occlusion, out of view, background
# clutter, illumination variation, viewpoint change, camera motion, similar object.
ATTRIBUTES = ("SV", "ARC", "LR", "FM", "FOC", "POC", "OV", "BC", "IV", "VC", "CM", "SOB")


@READERS.register("uav123")
class Uav123(Reader):
    """`folder` of the benchmark is the set of annotations: UAV123 or UAV20L."""

    def available(self) -> list[str]:
        names = self.benchmark.sequences or tuple(path.stem for path in self._annotations.values())
        return [n for n in names if key(n) in self._annotations and (self._images(n) is not None or not self.images)]

    def read(self, name: str) -> Sequence:
        path, images = self._annotations.get(key(name)), self._images(name)
        if path is None or (images is None and self.images):
            raise InputError(f"{self.root}: sequence {name} is not there")
        truth = read_boxes(path)
        first, last = self.benchmark.frames.get(name, (1, len(truth)))
        if len(truth) == (last - first) // 3 + 1 != last - first + 1:
            first = (first - 1) // 3 + 1
        elif len(truth) != last - first + 1:
            raise InputError(f"{path}: {len(truth)} rows, but frames {first} to {last} are evaluated")
        frames = self.pick(images, first, len(truth)) if images else ()
        return self.make(name, frames, truth, images, attributes=self._attributes(path))

    def _attributes(self, annotation: Path) -> tuple[str, ...]:
        path = annotation.parent / "att" / annotation.name
        if not path.is_file():
            return ()
        values = [value for row in read_rows(path) for value in row]
        if len(values) != len(ATTRIBUTES) or not set(values) <= {0.0, 1.0}:
            raise InputError(f"{path}: expected {len(ATTRIBUTES)} zeros or ones, got {len(values)} numbers")
        return tuple(name for name, value in zip(ATTRIBUTES, values, strict=True) if value)

    @cached_property
    def _annotations(self) -> dict[str, Path]:
        place = self.root / "anno" / self.benchmark.folder
        return {key(path.stem): path for path in sorted(place.glob("*.txt"))}

    @cached_property
    def _places(self) -> dict[str, Path]:
        return folders_in(self.root / "data_seq" / "UAV123") or folders_in(self.root / "data_seq")

    def _images(self, name: str) -> Path | None:
        """The folder of a sequence, or the one that it is a segment of: not `car1` for the video `car1_s`."""
        stem, _, part = name.rpartition("_")
        segment = name in self.benchmark.frames if self.benchmark.sequences else part.isdigit()
        return self._places.get(key(name)) or (self._places.get(key(stem)) if segment else None)
