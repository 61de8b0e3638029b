"""When the next frame is due: pause, single steps, and the speed of playback."""

from __future__ import annotations

from collections import deque

SPEEDS: tuple[float | None, ...] = (0.25, 0.5, 1.0, 2.0, 4.0, None)  # of the source's own; None: as fast as possible
WINDOW = 2.0  # seconds over which the rate is measured


class Pace:
    """Clock of a run that is looked at. Times are seconds of one clock, given by the caller."""

    def __init__(self, fps: float, live: bool = False) -> None:
        """`fps` is the source's own rate; a live source is always followed as fast as it comes."""
        self.fps = fps if fps > 0 else 25.0
        self.live = live
        self.paused = False
        self._once = False
        self._speed = len(SPEEDS) - 1
        self._begun = 0.0
        self._due = 0.0
        self._times: deque[float] = deque()

    @property
    def speed(self) -> str:
        """The speed in words."""
        speed = SPEEDS[self._speed]
        return "full speed" if speed is None else f"{speed:g}x"

    def change(self, by: int) -> None:
        """One speed up or down."""
        self._speed = min(max(self._speed + by, 0), len(SPEEDS) - 1)

    def toggle(self) -> None:
        """Pause, or go on."""
        self.paused = not self.paused

    def step(self) -> None:
        """Go on for one frame and pause there."""
        self.paused = self._once = True

    def begin(self, now: float) -> None:
        """A frame is there."""
        self._once = False
        self._begun = now
        late = now - self._due
        self._due = (self._due if 0 <= late <= self.interval else now) + self.interval  # a little is made up for
        self._times.append(now)
        while self._times[-1] - self._times[0] > WINDOW:
            self._times.popleft()

    @property
    def interval(self) -> float:
        """Seconds from frame to frame; 0 as fast as possible."""
        speed = SPEEDS[self._speed]
        return 0.0 if speed is None or self.live else 1 / (self.fps * speed)

    def wait(self, now: float) -> float:
        """Seconds until the next frame is due, 0 where it is. A pause is not looked at."""
        if self._once:
            return 0.0
        # The speed may have been changed since the frame came.
        return max(0.0, min(self._due, self._begun + self.interval) - now)

    @property
    def held(self) -> bool:
        """Whether the frame stays until a key is pressed."""
        return self.paused and not self._once

    def rest(self) -> None:
        """The clock stands, as while something is drawn: this time is no part of the rate."""
        self._times.clear()

    @property
    def rate(self) -> float:
        """Frames a second as they were shown; 0 where it is not known."""
        if len(self._times) < 2 or self._times[-1] == self._times[0]:
            return 0.0
        return (len(self._times) - 1) / (self._times[-1] - self._times[0])
