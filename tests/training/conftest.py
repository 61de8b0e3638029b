"""A small data set of drawn objects, in COCO layout, and a configuration that trains on it quickly."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from tracker.config import load_config
from tracker.settings import Config


@pytest.fixture(scope="session")
def drawn_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("data")
    (root / "drawn" / "images").mkdir(parents=True)
    rng = np.random.default_rng(0)
    images, annotations = [], []
    for i in range(6):
        image = cv2.GaussianBlur(rng.integers(0, 255, (200, 240, 3), np.uint8), (0, 0), 5)
        x, y, w, h = (int(v) for v in rng.integers((20, 20, 40, 40), (120, 90, 80, 80)))
        cv2.rectangle(image, (x, y), (x + w, y + h), rng.integers(0, 255, 3).tolist(), -1)
        cv2.imwrite(str(root / "drawn" / "images" / f"{i}.png"), image)
        images.append({"id": i, "file_name": f"{i}.png", "width": 240, "height": 200})
        annotations.append({"id": i, "image_id": i, "category_id": 1, "bbox": [x, y, w, h]})
    tree = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "object"}]}
    (root / "drawn" / "instances.json").write_text(json.dumps(tree))
    return root


@pytest.fixture(scope="session")
def clips(drawn_data: Path) -> str:
    """Three clips of a square that moves right, beside the stills, in GOT-10k layout."""
    for name in ("one", "two", "three"):
        folder = drawn_data / "clips" / name
        folder.mkdir(parents=True, exist_ok=True)
        rng = np.random.default_rng(len(name))
        ground = cv2.GaussianBlur(rng.integers(0, 255, (160, 200, 3), np.uint8), (0, 0), 4)
        rows = []
        for i in range(6):
            image = ground.copy()
            cv2.rectangle(image, (60 + 3 * i, 50), (100 + 3 * i, 90), (20, 30, 240), -1)
            cv2.imwrite(str(folder / f"{i + 1:08d}.png"), image)
            rows.append(f"{60 + 3 * i},50,41,41")
        (folder / "groundtruth.txt").write_text("\n".join(rows) + "\n")
    return "clips"


@pytest.fixture
def small_config(drawn_data: Path) -> Config:
    """Six steps of two pairs, all of it trained from the first."""
    return load_config(
        "siamsa_r18",
        [
            f"data.root={drawn_data}",
            "data.sources=[{path: drawn, layout: coco}]",
            *("data.workers=0", "data.cross_negative=0.5"),
            *("train.pairs=12", "train.batch=2", "train.save_every=2", "train.precision=fp32"),
            *("train.backbone_from=0.0", "train.stem_from=0.0", "train.init="),
        ],
    )
