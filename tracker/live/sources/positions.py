"""Reaching any frame of a video file exactly: frames are told by their times, as seeking by number is not exact."""

from __future__ import annotations

import cv2

from tracker.errors import InputError
from tracker.live.sources.base import Image
from tracker.live.sources.capture import PATIENCE, VideoFile, file_backend, open_capture

NEAR = 32  # frames that are rather passed than jumped over
MARGINS = (0, 32, 512)  # frames by which a jump that went too far is tried again
SAME = 0.5  # ms by which the time of one frame may differ


class InexactError(Exception):
    """A jump came to another frame than it should, or to damage."""


class VideoPositions:
    """A video in which every frame can be reached. The truth is what reading from the start gives.

    The time of each frame is learnt where reading passes it; beyond that it is taken from the list of packets, which
    costs one pass over the file without decoding. Where that list has not the length that the header tells, the video
    is damaged or of varying rate, and is decoded once to learn all times. Where a jump shows other times than these,
    the video is read from its start.
    """

    fast = False  # whether one frame costs the same wherever it is

    def __init__(self, source: VideoFile) -> None:
        self._source = source
        self._capture = source.capture
        self._times: list[float | None] = []  # ms, by index, as reading met them; None: not readable
        self._latest = -1  # the last of them that is readable
        self._listed: list[float] | None = None  # ms, of all packets, in the order in which they are shown
        self._may_jump = True
        self._next = 0  # the index of the frame that comes next
        self._jumped = False  # since the start was read from
        self.fps = source.fps
        first = next((image for image in map(self.at, range(PATIENCE)) if image is not None), None)
        if first is None:
            raise InputError(f"{source.address}: none of the first {PATIENCE} frames can be read")
        self.size = (first.shape[1], first.shape[0])
        if source.exact and source.count is not None:
            self.count = source.count
        else:
            listed = self._list()
            self.count = len(listed) if len(listed) == source.count else len(self._times)

    def at(self, index: int) -> Image | None:
        """The frame with this index; None where it cannot be read."""
        try:
            if index < self._next or index > self._next + NEAR:
                self._jump(index)
            return self._go(index)
        except InexactError:
            self._restart()
            return self._go(index)

    def close(self) -> None:
        """Let go of the file."""
        self._capture.release()

    def _go(self, index: int) -> Image | None:
        while self._next < index:
            self._grab()
        if not self._grab():
            return None
        try:
            readable, image = self._capture.retrieve()
        except cv2.error:
            return None
        return image if readable else None

    def _grab(self) -> bool:
        """Go on by one frame; whether it is readable. Raises InexactError where it is not the one it should be."""
        time = self._advance()
        index = self._next
        if self._jumped:
            expected = self._time(index)
            if (expected is None) != (time is None) or not _same(expected, time):
                raise InexactError
        if index == len(self._times):
            self._times.append(time)
            self._latest = self._latest if time is None else index
        self._next += 1
        return time is not None

    def _advance(self) -> float | None:
        """The time of the next frame in ms; None where it cannot be read."""
        try:
            return self._capture.get(cv2.CAP_PROP_POS_MSEC) if self._capture.grab() else None
        except cv2.error:
            return None

    def _jump(self, index: int) -> None:
        """Go to where `index` comes next, by way of the readable frame before it."""
        self._list()  # so that `_may_jump` is known
        before = index - 1
        while 0 <= before < len(self._times) and self._times[before] is None:
            before -= 1
        if before < 0:
            return self._restart()
        goal = self._time(before)
        if goal is None or not self._may_jump:
            raise InexactError
        number = round(goal / 1000 * self._capture.get(cv2.CAP_PROP_FPS))
        for margin in MARGINS:
            self._capture.set(cv2.CAP_PROP_POS_FRAMES, max(0, number - margin))
            time = self._advance()
            while time is not None and time < goal - SAME:
                time = self._advance()
            if time is not None and _same(time, goal):
                self._next, self._jumped = before + 1, True
                return None
        raise InexactError

    def _restart(self) -> None:
        """Read from the start, with a new capture: what an old one still holds is not known."""
        self._capture.release()
        capture = open_capture(self._source.path, file_backend())
        if capture is None:
            raise InputError(f"{self._source.address}: cannot be read any more")
        self._capture, self._next, self._jumped = capture, 0, False

    def _time(self, index: int) -> float | None:
        """The time that a frame should have, in ms; None where it is not readable or nothing is known."""
        if index < len(self._times):
            return self._times[index]
        listed, latest = self._list(), self._latest
        if index >= len(listed) or not 0 <= latest < len(listed) or not _same(listed[latest], self._times[latest]):
            return None  # the list is that of other frames
        return listed[index]

    def _list(self) -> list[float]:
        """The times of all packets, read the first time that they are asked for."""
        if self._listed is None:
            self._listed = _packet_times(self._source.path)
            if len(self._listed) != self._source.count:
                self._learn()
                with open(self._source.path, "rb") as file:
                    # AVI stores no times: they are counted, and differ before and behind a gap.
                    self._may_jump = file.read(4) != b"RIFF"
        return self._listed

    def _learn(self) -> None:
        """Read all frames once, so that their times and number are known."""
        self._restart()
        failures = 0
        while failures < PATIENCE:
            failures = 0 if self._grab() else failures + 1
        del self._times[self._latest + 1 :]


def _packet_times(path: str) -> list[float]:
    """The times of the packets of a video in ms, sorted; empty where OpenCV cannot list them."""
    times: list[float] = []
    packets = open_capture(path, file_backend(), [cv2.CAP_PROP_FORMAT, -1])
    if packets is not None:
        while packets.grab():
            times.append(packets.get(cv2.CAP_PROP_POS_MSEC))
        packets.release()
    return sorted(times)


def _same(one: float | None, other: float | None) -> bool:
    return one is other or (one is not None and other is not None and abs(one - other) <= SAME)
