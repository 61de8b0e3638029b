"""Every setting of the project: type, default, meaning, unit and source. Read by `tracker.config`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


def setting(default: Any, doc: str) -> Any:
    """A dataclass field with its meaning (unit and source included) beside it."""
    return field(default=default, metadata={"doc": doc})


def group(kind: type, doc: str) -> Any:
    """A field that holds a nested group of settings."""
    return field(default_factory=kind, metadata={"doc": doc})


@dataclass(frozen=True)
class InputConfig:
    colour: str = setting("bgr", "channel order that the network expects: bgr (PySOT family) or rgb (torchvision)")
    mean: tuple[float, ...] = setting((0.0, 0.0, 0.0), "subtracted per channel, on the 0..255 scale, in `colour` order")
    std: tuple[float, ...] = setting((1.0, 1.0, 1.0), "divides per channel, on the 0..255 scale, in `colour` order")


@dataclass(frozen=True)
class AttentionConfig:
    name: str = setting("identity", "identity, or self_attention (SiamSA-RBO eq. 6-7)")
    reduction: int = setting(8, "channels of query and key are the map's channels divided by this")
    alpha: float | None = setting(None, "weight of the attention branch; null: learnable, starting at 0")


@dataclass(frozen=True)
class ModelConfig:
    backbone: str = setting("resnet50", "resnet18, resnet34 or resnet50 (stride 8, dilated; METHOD of SiamRPN++)")
    levels: tuple[int, ...] = setting((2, 3), "backbone stages whose maps are matched, each with its own neck and head")
    width: int = setting(256, "channels after the neck")
    input: InputConfig = group(InputConfig, "what the backbone's weights were trained to read")
    attention: AttentionConfig = group(AttentionConfig, "applied to template and search maps before matching")
    correlation: str = setting("pixelwise", "pixelwise (eq. 2-3) or depthwise (SiamBAN)")
    head: str = setting("anchor_free", "anchor_free (SiamPW-RBO) or depthwise_ban (SiamBAN)")


@dataclass(frozen=True)
class TrackingConfig:
    exemplar_size: int = setting(127, "side of the template crop after resizing, pixels")
    instance_size: int = setting(255, "side of the search crop after resizing, 63 + 16 n pixels")
    context_amount: float = setting(0.5, "context p around the target: s_z = sqrt((w + p(w+h)) (h + p(w+h)))")
    stride: int = setting(8, "pixels of the search crop between two points of the score map")
    geometry: str = setting(
        "pysot", "pysot: boxes as PySOT reports them, half a pixel or so off; exact: from true centres"
    )
    penalty_k: float = setting(0.14, "penalty on changes of size and shape between frames")
    window_influence: float = setting(0.45, "share of the cosine window in the score, 0..1")
    lr: float = setting(0.30, "rate at which the size follows the prediction, 0..1")
    lost_threshold: float = setting(0.3, "scores below this, 0..1, are reported as lost")


@dataclass(frozen=True)
class SourceConfig:
    path: str = setting("", "folder below data.root; a glob such as `stills/*` makes one source of each folder")
    layout: str = setting("got10k", "native layout of the folder: coco or got10k")
    weight: float = setting(1.0, "how often it is drawn, relative to the other sources")
    max_gap: int = setting(100, "two frames of a pair are at most this many apart (frames as stored)")
    exclude: tuple[str, ...] = setting((), "names of clips that are left out, such as those held out for validation")
    tight: bool = setting(True, "boxes fit the object; loose boxes teach the class branch only")


@dataclass(frozen=True)
class AugmentConfig:
    shift: float = setting(64.0, "search crop: target's centre moves by up to this, search-crop pixels")
    scale: float = setting(0.18, "search crop: side changes by up to this fraction")
    aspect: float = setting(0.1, "search crop: width against height changes by up to this fraction")
    rotation: float = setting(10.0, "search crop: rotated by up to this many degrees")
    template_shift: float = setting(4.0, "template crop: target's centre moves by up to this, template pixels")
    template_scale: float = setting(0.05, "template crop: side changes by up to this fraction")
    colour: float = setting(1.0, "strength of brightness, contrast, saturation and hue changes, 0 = none")
    gray: float = setting(0.1, "probability that both crops are gray")
    blur: float = setting(0.2, "probability of motion blur in the search crop")
    flip: float = setting(0.5, "probability that both crops are mirrored")
    noise: float = setting(0.15, "probability of sensor noise, JPEG artefacts or low resolution in a crop")
    distractors: float = setting(0.3, "probability that other objects are pasted into the search crop")
    occluders: float = setting(0.2, "probability that something is pasted over part of the target in the search crop")
    background: float = setting(0.15, "probability that the target is composited onto another image's background")


@dataclass(frozen=True)
class DataConfig:
    root: str = setting("", "folder that holds the sources")
    sources: tuple[SourceConfig, ...] = setting((), "the data sets, each with its layout and weight")
    negative: float = setting(0.2, "share of pairs whose search image holds another object")
    workers: int = setting(1, "loader processes; 0 loads in the training process")
    cache_mb: int = setting(0, "decoded frames kept in memory per loader process, megabytes")
    augment: AugmentConfig = group(AugmentConfig, "how crops are varied")
    cross_negative: float = setting(0.25, "extra matches per pair of a batch: a search crop with another's template")
    positives: int = setting(16, "points labelled target that are kept, per pair")
    negatives: int = setting(48, "points labelled background that are kept, per pair")
    hard: float = setting(0.5, "share of the kept background points that are the highest scored, the rest at random")


@dataclass(frozen=True)
class LossConfig:
    cls: float = setting(1.0, "weight of the balanced cross entropy")
    loc: float = setting(1.0, "weight of the IoU loss")
    loc_kind: str = setting("linear", "linear (1 - IoU), log (-log IoU), giou or diou")
    ranking: float = setting(0.0, "weight of the classification ranking loss CR (0.5 in SiamPW-RBO)")
    iou_ranking: float = setting(0.0, "weight of each of the two IoU-guided ranking losses (0.25 in SiamPW-RBO)")
    iou_ranking_gamma: float = setting(5.0, "slope of the IoU-guided ranking losses")


@dataclass(frozen=True)
class TrainConfig:
    pairs: int = setting(100_000, "training pairs in the whole run")
    batch: int = setting(32, "pairs per step")
    optimiser: str = setting("adamw", "adamw or sgd (momentum 0.9)")
    lr: float = setting(8e-4, "peak learning rate of neck, attention and head")
    backbone_lr: float = setting(0.15, "the backbone's rate as a fraction of `lr`")
    backbone_from: float = setting(0.0, "the backbone is frozen until this fraction of the run")
    stem_from: float = setting(0.0, "conv1 and layer1 are frozen until this fraction of the run")
    weight_decay: float = setting(1e-4, "decoupled for adamw")
    warmup: float = setting(0.03, "fraction of the run in which the rate rises to its peak")
    decay: str = setting("cosine", "cosine or log (SiamBAN), from the peak down to `final_lr`")
    final_lr: float = setting(0.01, "last rate as a fraction of `lr`")
    clip: float = setting(10.0, "gradient norm limit, 0 = none")
    ema: float = setting(0.998, "decay of the averaged weights that are saved for tracking, 0 = none")
    precision: str = setting("auto", "auto, fp32 or bf16 (autocast; weights stay fp32)")
    threads: int = setting(0, "CPU threads of the training process, 0 = all cores")
    seed: int = setting(0, "of sampling, augmentation and initial weights")
    init: str = setting("", "weights to start from: a checkpoint, or a torchvision ResNet file for the backbone")
    save_every: int = setting(100, "steps between two writes of the resumable state")
    loss: LossConfig = group(LossConfig, "weights of the loss terms")


@dataclass(frozen=True)
class Config:
    name: str = setting("", "name of the experiment")
    description: str = setting("", "what it is, in a line")
    model: ModelConfig = group(ModelConfig, "the network")
    tracking: TrackingConfig = group(TrackingConfig, "constants of inference")
    data: DataConfig = group(DataConfig, "training data")
    train: TrainConfig = group(TrainConfig, "training recipe")
