"""Every setting of the project: type, default, meaning, unit and source. Read by `tracker.config`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


def setting(
    default: Any, doc: str, low: float | None = None, high: float | None = None, among: tuple[str, ...] = ()
) -> Any:
    """A dataclass field with its meaning (unit and source included), its range, or the texts it may be, beside it."""
    return field(default=default, metadata={"doc": doc, "low": low, "high": high, "among": among})


def share(default: float | None, doc: str) -> Any:
    """A setting between 0 and 1."""
    return setting(default, doc, low=0, high=1)


def group(kind: type, doc: str) -> Any:
    """A field that holds a nested group of settings."""
    return field(default_factory=kind, metadata={"doc": doc})


@dataclass(frozen=True)
class InputConfig:
    colour: str = setting(
        "bgr", "channel order of the network's input: bgr (PySOT) or rgb (torchvision)", among=("bgr", "rgb")
    )
    mean: tuple[float, ...] = setting((0.0, 0.0, 0.0), "subtracted per channel, on the 0..255 scale, in `colour` order")
    std: tuple[float, ...] = setting((1.0, 1.0, 1.0), "divides per channel, on the 0..255 scale, in `colour` order")


@dataclass(frozen=True)
class AttentionConfig:
    name: str = setting("identity", "identity, or self_attention (SiamSA-RBO eq. 6-7)")
    reduction: int = setting(8, "channels of query and key are the map's channels divided by this", low=1)
    alpha: float | None = setting(None, "weight of the attention branch; null: learnable, starting at 0")


@dataclass(frozen=True)
class ModelConfig:
    backbone: str = setting("resnet50", "resnet18, resnet34 or resnet50 (stride 8, dilated; METHOD of SiamRPN++)")
    levels: tuple[int, ...] = setting((2, 3), "backbone stages whose maps are matched, each with its own neck and head")
    width: int = setting(256, "channels after the neck", low=1)
    input: InputConfig = group(InputConfig, "what the backbone's weights were trained to read")
    attention: AttentionConfig = group(AttentionConfig, "applied to template and search maps before matching")
    correlation: str = setting("pixelwise", "pixelwise (eq. 2-3) or depthwise (SiamBAN)")
    head: str = setting("anchor_free", "anchor_free (SiamPW-RBO) or depthwise_ban (SiamBAN)")


@dataclass(frozen=True)
class RecoveryConfig:
    """States of a target among others and how it is found again; chosen on clips of other seeds than those reported."""

    sure_score: float = share(0.8, "a box of this score is believed without a second look")
    gone_score: float = share(0.1, "a refused box of a score below this: lost at once")
    doubt_likeness: float = share(0.7, "boxes less like the target than this part of its usual likeness are refused")
    doubt_colours: float = share(0.5, "... and those below this part of it with the colours taken in")
    gone_likeness: float = share(0.43, "a refused box below this part of the usual likeness: lost at once")
    back_score: float = share(0.6, "a lost target is found where two frames in a row have this score ...")
    back_likeness: float = share(0.8, "... and are like it by this part of its usual likeness, colours taken in")
    plain_likeness: float = share(0.9, "one frame is enough where score and likeness are at least this")
    learn_likeness: float = share(0.9, "a sure box of this part of the usual likeness is remembered")
    patience: int = setting(2, "refused boxes in a row until the target is lost", low=1)
    long_patience: int = setting(12, "the same where the score is sure: something may pass in front of it", low=1)
    jump: float = setting(32.0, "a step that changes by so many crop pixels must lead to its very likeness", low=0)
    check_every: int = setting(30, "frames after which a sure target is looked at a second time anyway", low=1)
    views: int = setting(
        4, "views a frame that up to three targets share where they are lost: last places, finds, other parts", low=2
    )
    stay: int = setting(5, "frames in which the last place is always among these; later it has its turn", low=0)
    region: float = setting(1.0, "a lost target may be so far from its last place, in sizes sqrt(w h) ...", low=0)
    region_growth: float = setting(0.2, "... and this much farther with each frame", low=0)
    zoom: float = setting(0.2, "a lost target is looked for at up to so much larger, and smaller, a scale ...", low=0)
    zoom_growth: float = setting(0.006, "... and at so much more with each frame", low=0)
    forget: int = setting(120, "frames after which a thing that cannot be the lost target may be it after all", low=1)


@dataclass(frozen=True)
class TrackingConfig:
    exemplar_size: int = setting(127, "side of the template crop after resizing, pixels", low=127, high=127)
    instance_size: int = setting(255, "side of the search crop after resizing, 63 + 16 n pixels", low=79, high=1023)
    context_amount: float = setting(0.5, "context p: s_z = sqrt((w + p(w+h)) (h + p(w+h)))", low=0, high=4)
    stride: int = setting(8, "pixels of the search crop between two points of the score map", low=8, high=8)
    runtime: str = setting("eager", "how the network is executed: eager (plain PyTorch)")
    geometry: str = setting(
        "pysot",
        "pysot: boxes as PySOT reports them, half a pixel or so off; exact: from true centres",
        among=("pysot", "exact"),
    )
    penalty_k: float = setting(0.14, "penalty on changes of size and shape between frames", low=0)
    window_influence: float = share(0.45, "share of the cosine window in the score, 0..1")
    lost_window_influence: float | None = share(None, "window_influence after a lost frame; null: the same")
    lr: float = share(0.30, "rate at which the size follows the prediction, 0..1")
    lost_threshold: float = share(0.3, "scores below this, 0..1, are reported as lost")
    calm_size: int = setting(127, "smallest search crop of a target that is sure and slow, pixels: 63 + 16 n", low=79)
    calm_budget: float = setting(
        2.4, "such targets get the largest crops that together are no more than so many of `instance_size`", low=1
    )
    calm_score: float = share(0.8, "score from which a target counts as sure")
    recovery: RecoveryConfig = group(RecoveryConfig, "when a target is lost, and how it is found (docs/recovery.md)")


@dataclass(frozen=True)
class SourceConfig:
    path: str = setting("", "folder below data.root; a glob such as `stills/*` makes one source of each folder")
    layout: str = setting("got10k", "native layout of the folder, such as coco, got10k or folder (docs/datasets.md)")
    weight: float = setting(1.0, "how often it is drawn, relative to the other sources", low=0)
    max_gap: int = setting(100, "two frames of a pair are at most this many apart (frames as stored)", low=0)
    exclude: tuple[str, ...] = setting((), "names of clips that are left out, such as those held out for validation")
    only: str = setting("", "file in the folder with the names of the clips to use, one a line; empty: all of them")
    tight: bool = setting(True, "boxes fit the object; loose boxes teach the class branch only")


@dataclass(frozen=True)
class AugmentConfig:
    shift: float = setting(64.0, "search crop: target's centre moves by up to this, search-crop pixels", low=0)
    scale: float = setting(0.18, "search crop: side changes by up to this fraction", low=0, high=0.9)
    aspect: float = setting(0.1, "search crop: width against height changes by up to this fraction", low=0, high=0.9)
    rotation: float = setting(10.0, "search crop: rotated by up to this many degrees", low=0, high=180)
    template_shift: float = setting(4.0, "template crop: target's centre moves by up to this, template pixels", low=0)
    template_scale: float = setting(0.05, "template crop: side changes by up to this fraction", low=0, high=0.9)
    colour: float = setting(1.0, "strength of brightness, contrast, saturation and hue changes, 0 = none", low=0)
    gray: float = share(0.1, "probability that both crops are gray")
    blur: float = share(0.2, "probability of motion blur in the search crop")
    flip: float = share(0.5, "probability that both crops are mirrored")
    noise: float = setting(
        0.15, "probability of sensor noise, JPEG artefacts or low resolution in a crop", low=0, high=1
    )
    distractors: float = share(0.3, "probability that other objects are pasted into the search crop")
    occluders: float = setting(
        0.2, "probability that something is pasted over part of the target in the search crop", low=0, high=1
    )
    background: float = setting(
        0.15, "probability that the target is composited onto another image's background", low=0, high=1
    )


@dataclass(frozen=True)
class DataConfig:
    root: str = setting("", "folder that holds the sources")
    sources: tuple[SourceConfig, ...] = setting((), "the data sets, each with its layout and weight")
    negative: float = share(0.2, "share of pairs whose search image holds another object")
    workers: int = setting(1, "loader processes; 0 loads in the training process", low=0)
    cache_mb: int = setting(
        0, "decoded frames that all loader processes of a machine keep in memory together, megabytes", low=0
    )
    augment: AugmentConfig = group(AugmentConfig, "how crops are varied")
    cross_negative: float = setting(
        0.25, "extra matches per pair of a batch: a search crop with another's template", low=0, high=1
    )
    positives: int = setting(16, "points labelled target that are kept, per pair", low=1)
    negatives: int = setting(48, "points labelled background that are kept, per pair", low=1)
    hard: float = setting(
        0.5, "share of the kept background points that are the highest scored, the rest at random", low=0, high=1
    )


@dataclass(frozen=True)
class LossConfig:
    all_points: bool = setting(False, "box and ranking terms see all labelled points, not just those that are kept")
    cls: float = setting(1.0, "weight of the balanced cross entropy")
    loc: float = setting(1.0, "weight of the box loss")
    focal: float = share(0.0, "share b of the focal loss in the class term, (1-b) CE + b focal; 0.0002 is usual")
    focal_gamma: float = setting(3.0, "exponent of the focal loss (Lin et al. 2017, eq. 5)", low=0)
    focal_alpha: float = share(0.25, "weight of targets in the focal loss; background has 1 - alpha")
    loc_kind: str = setting("linear", "linear (1 - IoU), iou or log (-log IoU), giou, diou or smooth_l1")
    ranking: float = setting(0.0, "weight of the classification ranking loss CR (0.5 in SiamPW-RBO)")
    iou_ranking: float = setting(0.0, "weight of each of the two IoU-guided ranking losses (0.25 in SiamPW-RBO)")
    iou_ranking_gamma: float = setting(5.0, "slope of the IoU-guided ranking losses")


@dataclass(frozen=True)
class ValidationConfig:
    every: int = setting(0, "steps between two validations, 0 = none; the state is written before each", low=0)
    path: str = setting("", "folder of held-out clips, below data.root")
    layout: str = setting("got10k", "native layout of the folder, as in data.sources")
    clips: tuple[str, ...] = setting((), "names of the clips, such as those that data.sources exclude; empty: all")
    pairs: int = setting(256, "pairs drawn from the clips, the same every time: overlap of the best point's box", low=0)
    frames: int = setting(60, "the tracker follows the first so many frames of each clip, 0 = none", low=0)


@dataclass(frozen=True)
class TrainConfig:
    pairs: int = setting(100_000, "training pairs in the whole run, of all processes together", low=1)
    batch: int = setting(32, "pairs that a process takes at a time", low=1)
    accumulate: int = setting(1, "batches whose gradients are averaged to make one step", low=1)
    optimiser: str = setting("adamw", "adamw or sgd (momentum 0.9)")
    lr: float = setting(8e-4, "peak learning rate of neck, attention and head", low=0)
    backbone_lr: float = setting(0.15, "the backbone's rate as a fraction of `lr`", low=0)
    backbone_from: float = share(0.0, "the backbone is frozen until this fraction of the run")
    stem_from: float = share(0.0, "conv1 and layer1 are frozen until this fraction of the run")
    backbone_layers: tuple[str, ...] = setting(
        (), "parts of the backbone that are ever trained, such as [layer2, layer3]; empty: all"
    )
    statistics: str = setting(
        "sync",
        "BatchNorm of neck and head: sync (over all processes) or frozen (as they came); the backbone's never move",
        among=("sync", "frozen"),
    )
    weight_decay: float = setting(1e-4, "adamw: decoupled, and not of biases and norms", low=0)
    warmup: float = share(0.03, "fraction of the run in which the rate rises to its peak")
    decay: str = setting("cosine", "cosine or log (SiamBAN), from the peak down to `final_lr`")
    final_lr: float = share(0.01, "last rate as a fraction of `lr`")
    clip: float = setting(10.0, "gradient norm limit, 0 = none", low=0)
    ema: float = setting(
        0.998, "decay of the averaged weights, which are those to track with; 0 = none", low=0, high=0.99999
    )
    precision: str = setting(
        "auto",
        "auto, fp32, bf16 or fp16 (autocast; weights stay fp32; fp16 scales the loss)",
        among=("auto", "fp32", "bf16", "fp16"),
    )
    backend: str = setting(
        "auto", "how processes talk: auto (nccl on GPUs, else gloo), gloo or nccl", among=("auto", "gloo", "nccl")
    )
    threads: int = setting(0, "CPU threads of the training process, 0 = all cores", low=0)
    seed: int = setting(0, "of sampling, augmentation and initial weights", low=0)
    init: str = setting(
        "", "weights to start from: a checkpoint (a shipped one: its name), or a file of torchvision, PySOT or SiamBAN"
    )
    save_every: int = setting(100, "steps between two writes of the resumable state", low=1)
    pictures_every: int = setting(500, "steps between two pictures in TensorBoard, where it is on; 0 = none", low=0)
    loss: LossConfig = group(LossConfig, "weights of the loss terms")
    validation: ValidationConfig = group(ValidationConfig, "held-out clips, looked at while training")


@dataclass(frozen=True)
class Config:
    name: str = setting("", "name of the experiment")
    description: str = setting("", "what it is, in a line")
    model: ModelConfig = group(ModelConfig, "the network")
    tracking: TrackingConfig = group(TrackingConfig, "constants of inference")
    data: DataConfig = group(DataConfig, "training data")
    train: TrainConfig = group(TrainConfig, "training recipe")
