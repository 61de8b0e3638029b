"""The sampler on small data sets that the test renders."""

from __future__ import annotations

import json
import pickle

import cv2
import numpy as np
import pytest

from tracker.data.frames import FrameCache
from tracker.data.pairs import PairSampler, draw_frames, overlap
from tracker.errors import InputError
from tracker.settings import AugmentConfig, DataConfig, SourceConfig, TrackingConfig

OFF = AugmentConfig(**dict.fromkeys(AugmentConfig.__dataclass_fields__, 0.0))
VIDEOS = SourceConfig(path="videos", layout="got10k")
STILLS = SourceConfig(path="stills/*", layout="coco", tight=False)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Two clips of a bright square that moves 4 px a frame, and two folders of stills with two squares each."""
    folder = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    for name in ("a", "b"):
        clip = folder / "videos" / name
        clip.mkdir(parents=True)
        rows = []
        for i in range(6):
            image = rng.integers(0, 60, (120, 160, 3)).astype(np.uint8)
            image[40:70, 20 + 4 * i : 50 + 4 * i] = 255
            cv2.imwrite(str(clip / f"{i + 1:08d}.png"), image)
            rows.append(f"{20 + 4 * i},40,30,30")
        (clip / "groundtruth.txt").write_text("\n".join(rows))
    for name in ("s", "t"):
        (folder / "stills" / name / "images").mkdir(parents=True)
        image = rng.integers(0, 60, (120, 160, 3)).astype(np.uint8)
        image[20:50, 20:50] = image[60:100, 100:140] = 255
        cv2.imwrite(str(folder / "stills" / name / "images" / "x.png"), image)
        boxes = [[20, 20, 30, 30], [100, 60, 40, 40]]
        data = {
            "images": [{"id": 1, "file_name": "x.png", "width": 160, "height": 120}],
            "annotations": [{"image_id": 1, "category_id": 1, "bbox": b} for b in boxes],
        }
        (folder / "stills" / name / "instances.json").write_text(json.dumps(data))
    return folder


def sampler(root, *sources, seed=3, **changes):
    return PairSampler(
        DataConfig(root=str(root), sources=sources or (VIDEOS, STILLS), **changes), TrackingConfig(), seed
    )


def same(a, b):
    return a.keys() == b.keys() and all(np.array_equal(a[k], b[k]) for k in a)


def test_shapes_and_types(root):
    pair = sampler(root, cache_mb=16).sample(0)
    assert pair["template"].shape == (3, 127, 127) and pair["search"].shape == (3, 255, 255)
    assert pair["template"].dtype == pair["search"].dtype == np.uint8
    assert pair["labels"].shape == (25, 25) and pair["labels"].dtype == np.int64
    assert pair["distances"].shape == (4, 25, 25) and pair["distances"].dtype == np.float32
    assert pair["box"].shape == (4,) and pair["box"].dtype == np.float32
    assert isinstance(pair["negative"], bool) and isinstance(pair["tight"], bool)


def test_same_pair_in_any_order_process_and_cache(root):
    first, second = sampler(root, cache_mb=16), pickle.loads(pickle.dumps(sampler(root)))
    forward = [first.sample(i) for i in range(12)]
    backward = [second.sample(i) for i in reversed(range(12))][::-1]
    assert all(same(a, b) for a, b in zip(forward, backward, strict=True))
    assert not same(forward[0], sampler(root, seed=4).sample(0))


def test_without_augmentation_the_box_is_centred_and_fits_the_pixels(root):
    plain = sampler(root, VIDEOS, augment=OFF, negative=0.0)
    for i in range(6):
        pair = plain.sample(i)
        half = 30 * 255 / round(60 * 255 / 127) / 2
        np.testing.assert_allclose(pair["box"], [127 - half] * 2 + [127 + half] * 2, rtol=1e-6)
        ys, xs = np.nonzero(pair["search"][0] > 150)
        np.testing.assert_allclose([xs.min(), ys.min(), xs.max(), ys.max()], pair["box"], atol=1.6)
        assert pair["labels"][12, 12] == 1 and not pair["negative"] and pair["tight"]


def test_geometric_augmentation_keeps_the_box_on_the_pixels(root):
    how = AugmentConfig(**{**OFF.__dict__, "shift": 40.0, "scale": 0.18, "aspect": 0.1, "flip": 0.5})
    moving = sampler(root, VIDEOS, augment=how, negative=0.0)
    boxes = []
    for i in range(20):
        pair = moving.sample(i)
        ys, xs = np.nonzero(pair["search"][0] > 150)
        np.testing.assert_allclose([xs.min(), ys.min(), xs.max(), ys.max()], pair["box"], atol=2)
        boxes.append(pair["box"])
    centres = np.array(boxes).reshape(-1, 2, 2).mean(1)
    assert centres.std(0).min() > 10 and np.abs(centres - 127).max() <= 40.01


def test_negative_pairs(root):
    pairs = [sampler(root, negative=1.0).sample(i) for i in range(20)]
    for pair in pairs:
        assert pair["negative"] and not pair["box"].any() and not pair["distances"].any()
        assert set(np.unique(pair["labels"])) <= {-1, 0}
    share = np.mean([sampler(root, negative=0.3).sample(i)["negative"] for i in range(150)])
    assert 0.15 < share < 0.45


def test_a_single_object_gives_positive_pairs_only(root):
    only = sampler(
        root, SourceConfig(path="videos/a"), negative=1.0, augment=AugmentConfig(distractors=1, background=1)
    )
    assert not any(only.sample(i)["negative"] for i in range(5))


def test_weights_globs_and_tightness(root):
    mixed = sampler(root, SourceConfig(path="videos", weight=3.0), STILLS)
    assert [(s.name, s.weight) for s in mixed.sources] == [("videos", 3.0), ("stills/s", 0.5), ("stills/t", 0.5)]
    share = np.mean([mixed.sample(i)["tight"] for i in range(150)])
    assert 0.6 < share < 0.88
    named = sampler(root, STILLS, SourceConfig(path="stills/t", layout="coco", weight=0.0))
    assert [(s.name, s.weight) for s in named.sources] == [("stills/s", 1.0)]


def test_excluded_clips_are_never_drawn(root):
    rest = sampler(root, SourceConfig(path="videos", exclude=("b",)))
    assert [t.name for t in rest.sources[0].tracks] == ["a"]
    with pytest.raises(InputError, match="'bb'"):
        sampler(root, SourceConfig(path="videos", exclude=("b", "bb")))


def test_frames_of_a_pair_respect_the_gap(root):
    track = sampler(root, VIDEOS).sources[0].tracks[0]
    rng = np.random.default_rng(0)
    gaps = {abs(i - j) for i, j in (draw_frames(rng, track, 2) for _ in range(60))}
    assert gaps == {1, 2}
    assert all(i == j for i, j in (draw_frames(rng, track, 0) for _ in range(5)))


def test_overlap_is_relative_to_the_smaller_box():
    a = np.array([0, 0, 100, 100], np.float32)
    assert overlap(a, np.array([40, 40, 10, 10], np.float32))
    assert not overlap(a, np.array([100, 0, 10, 10], np.float32))


def test_heavy_augmentation_stays_finite(root):
    fields = ("colour", "gray", "blur", "noise", "distractors", "occluders", "background")
    heavy = sampler(root, augment=AugmentConfig(rotation=45, **dict.fromkeys(fields, 1.0)), cache_mb=16)
    for i in range(25):
        pair = heavy.sample(i)
        assert np.isfinite(pair["box"]).all() and (pair["negative"] or pair["box"][2] > pair["box"][0])


def test_damaged_image_is_replaced_counted_and_named_once(root, tmp_path, caplog):
    for name in ("a", "b"):
        clip = tmp_path / "videos" / name
        clip.mkdir(parents=True)
        for file in (root / "videos" / name).iterdir():
            (clip / file.name).write_bytes(file.read_bytes())
    (tmp_path / "videos" / "b" / "00000003.png").write_bytes(b"not an image")
    damaged = sampler(tmp_path, VIDEOS)
    for i in range(30):
        damaged.sample(i)
    assert damaged.skipped > 1
    assert caplog.text.count("00000003.png") == 1
    with pytest.raises(InputError, match=r"00000003\.png"):
        FrameCache(1)(str(tmp_path / "videos" / "b" / "00000003.png"))


def test_damaged_everywhere_is_an_error(root, tmp_path):
    clip = tmp_path / "videos" / "a"
    clip.mkdir(parents=True)
    for file in (root / "videos" / "a").iterdir():
        (clip / file.name).write_bytes(file.read_bytes())
    broken = sampler(tmp_path, VIDEOS)
    for file in clip.glob("*.png"):
        file.write_bytes(b"")
    with pytest.raises(InputError, match="cannot be read"):
        broken.sample(0)


def test_cache_keeps_within_its_limit(root):
    cache = FrameCache(1)
    files = sorted(str(p) for p in root.glob("videos/*/*.png"))
    for file in files * 10:
        cache(file)
    assert cache.size <= 2**20 and len(cache) == len(files)
    none = FrameCache(0)
    none(files[0])
    assert len(none) == 0 and none.size == 0


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"root": ""}, "data.root"),
        ({"root": "/nowhere"}, "data.root"),
        ({"sources": ()}, "data.sources"),
        ({"sources": (SourceConfig(path="gone"),)}, "gone"),
        ({"sources": (SourceConfig(path="gone/*"),)}, "gone"),
        ({"sources": (SourceConfig(path="videos", weight=-1.0),)}, "weight"),
        ({"sources": (SourceConfig(path="videos", weight=0.0),)}, "weight"),
        ({"sources": (SourceConfig(path="videos", layout="coconut"),)}, "known: coco, folder, got10k"),
    ],
)
def test_bad_configuration(root, changes, words):
    config = DataConfig(**{"root": str(root), "sources": (VIDEOS,), **changes})
    with pytest.raises(InputError, match=words):
        PairSampler(config, TrackingConfig(), 0)
