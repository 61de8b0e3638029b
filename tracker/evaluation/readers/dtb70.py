"""DTB70 layout (Li & Yeung, AAAI 2017): `<Clip>/img/00001.jpg`, `<Clip>/groundtruth_rect.txt`, 1-based."""

from __future__ import annotations

from tracker.evaluation.readers.base import READERS
from tracker.evaluation.readers.otb import Otb


@READERS.register("dtb70")
class Dtb70(Otb):
    """The folders of OTB, with one target each."""
