"""A tracker behind the TraX protocol (Cehovin, 2017), so that vot-toolkit and other clients can drive it.

The client sends images and the first region over standard input, or a socket where `TRAX_SOCKET` says so; the tracker
answers every image with a rectangle `x, y, w, h`, 0-based pixels. Only `trax` (BSD licence) is imported.
"""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

from tracker.box import Box
from tracker.errors import InputError
from tracker.evaluation.running.trackers import Follower, as_box
from tracker.evaluation.sequence import level_box, upright
from tracker.images import decode, read_image


def library() -> Any:
    """The package `trax`. Raises InputError where it is not installed."""
    try:
        for part in ("image", "region", "server"):
            importlib.import_module(f"trax.{part}")
        return importlib.import_module("trax")
    except (ImportError, OSError) as error:  # OSError: no build of its C library for this platform
        raise InputError(f'TraX needs vot-trax: pip install "siamsa[eval]" ({error})') from None


def require_client() -> None:
    """Raise InputError where a person sits at the other end."""
    if sys.stdin is not None and sys.stdin.isatty() and "TRAX_SOCKET" not in os.environ:
        raise InputError("a TraX client, such as vot-toolkit, starts this command and talks to it; see trackers.ini")


def serve(follower: Follower, name: str = "siamsa") -> int:
    """Answer a client until it ends the session; how many frames that were.

    Raises RuntimeError if the connection breaks; whatever the tracker raises reaches the client as the reason too.
    """
    trax = library()
    regions, images = ["rectangle", "polygon"], ["path", "memory", "buffer"]
    server = trax.server.Server(regions, images, tracker_name=name)
    frames = 0
    try:
        while (request := _next(trax, server)).type != trax.TraxStatus.QUIT:
            first = request.type == trax.TraxStatus.INITIALIZE
            server.status([_answer(trax, follower, request, first)])
            frames += 1
    except Exception as error:
        server.quit(reason=" ".join(f"{type(error).__name__}: {error}".split()))
        raise
    server.quit()
    return frames


def _next(trax: Any, server: Any) -> Any:
    try:
        return server.wait()
    except trax.TraxException:
        raise RuntimeError("TraX: the client went away without ending the session") from None


def _answer(trax: Any, follower: Follower, request: Any, first: bool) -> tuple[Any, dict[str, str]]:
    """A rectangle for a request's image, and the score where the tracker has one."""
    image, found = to_bgr(request.image["color"]), None
    if first:
        box = to_box(request.objects[0][0])
        follower.init(image, box)
    else:
        found = follower.update(image)
        box = as_box(found)
    score = getattr(found, "score", None)
    return trax.region.Rectangle.create(*box.xywh), {} if score is None else {"confidence": f"{score:.6f}"}


def to_bgr(image: Any) -> Any:
    """An image of the protocol as trackers take it: a file's name, encoded bytes, or pixels in RGB or grey.

    Raises InputError: a file or bytes that are no image.
    """
    kind = image.type()
    if kind == "path":
        return read_image(Path(image.path()))
    if kind == "buffer":
        data = image.buffer()
        decoded = decode(data)
        if decoded is None:
            raise InputError(f"TraX: {len(data)} bytes that cannot be decoded as an image")
        return decoded
    pixels = image.array()
    return np.ascontiguousarray(pixels[..., ::-1]) if pixels.shape[2] == 3 else pixels[..., 0]


def to_box(region: Any) -> Box:
    """The first box: a rectangle as it is, a polygon of four corners by `level_box`, others by their upright box."""
    if region.type == "rectangle":
        return Box(*region.bounds())
    corners = np.array([region.get(i) for i in range(region.size())], dtype=np.float64).reshape(1, -1)
    return Box(*level_box(corners[0])) if corners.shape[1] == 8 else Box(*map(float, upright(corners)[0]))
