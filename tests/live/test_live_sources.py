"""Cameras that are slow, fall silent, are pulled out, hang, or return as another: all made by the test."""

from __future__ import annotations

import http.server
import queue
import threading
import time
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np
import pytest

from tests.helpers import draw_frame, index_of
from tracker.errors import InputError
from tracker.live.prefetch import Reader
from tracker.live.sources import Frame, Span, open_source
from tracker.live.sources.capture import Stream
from tracker.live.sources.live import LiveSource
from tracker.live.sources.reception import Connection, Waits

LONG = 30.0  # seconds after which a test fails rather than waits
FAST = Waits(news=0.05, silence=LONG, shortest=0.01, longest=0.04, call=LONG, close=LONG)
SHORT = replace(FAST, silence=0.1)  # where silence is what is tested
CUT, HANG, SLOW = object(), object(), object()


class World:
    """What the camera of a test does: it is plugged in or not, and sends what the test gives it."""

    def __init__(self) -> None:
        self.plugged, self.hanging, self.released, self.idle, self.left = (threading.Event() for _ in range(5))
        self.plugged.set()
        self.pictures: queue.Queue[object] = queue.Queue()
        self.attempts: list[float] = []
        self.opened = self.closed = 0
        self.frames: int | None = None

    def give(self, *pictures: object) -> None:
        """Let the camera send these, and wait until it has."""
        for picture in pictures:
            self.pictures.put(picture)
        self.idle.clear()
        assert self.idle.wait(LONG)


class FakeConnection(Connection):
    def __init__(self, world: World) -> None:
        self.world = world

    def open(self) -> None:
        self.world.attempts.append(time.monotonic())
        if not self.world.plugged.is_set():
            raise InputError("the fake camera is not plugged in")
        self.world.opened += 1
        self.fps, self.frames = 50.0, self.world.frames

    def read(self) -> np.ndarray | None:
        while self.world.pictures.empty():
            self.world.idle.set()
            time.sleep(0.001)
            if self.world.left.is_set():
                return None  # as a real one does after some seconds
        picture = self.world.pictures.get()
        if picture is CUT:
            self.world.plugged.clear()
            self.world.idle.set()
            raise OSError("pulled out")
        if picture is HANG:
            self.world.hanging.set()
            assert self.world.released.wait(LONG)
            return draw_frame(40)
        if picture is SLOW:
            time.sleep(2 * SHORT.silence)
            return None
        return picture  # type: ignore[return-value]  # garbage included

    def close(self) -> None:
        self.world.closed += 1


class Fake(LiveSource):
    waits = FAST

    def __init__(self, world: World, span: Span | None = None, waits: Waits = FAST) -> None:
        super().__init__("fake", span)
        self.world, self.waits = world, waits

    @classmethod
    def claims(cls, address: str) -> bool:
        return False

    def connect(self) -> Connection:
        return FakeConnection(self.world)

    def close(self) -> None:
        self.world.left.set()
        super().close()


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    world.pictures.put(draw_frame(0))
    yield world
    world.released.set()
    wait_for_threads(0)  # even one that hung has ended by itself


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "live source"]


def wait_for_threads(count: int) -> None:
    """Until no more threads of live sources run than these."""
    deadline = time.monotonic() + LONG
    while len(threads()) > count and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(threads()) == count


def pull_out(world: World, source: Fake, attempts: int) -> Iterator[Frame]:
    """The frames of a source whose camera was pulled out after the first, and sought again in vain."""
    frames = iter(source)
    next(frames)
    world.give(CUT)
    while len(world.attempts) < attempts:
        until_news(frames)
    return frames


def until_news(frames: Iterator[Frame]) -> Frame:
    return next(frame for frame in frames if frame.status)


def until_picture(frames: Iterator[Frame]) -> Frame:
    return next(frame for frame in frames if not frame.status)


def test_the_newest_frame_wins_and_the_dropped_are_counted(world: World) -> None:
    with Fake(world) as source:
        frames = iter(source)
        assert index_of(next(frames).image) == 0
        world.give(*map(draw_frame, range(1, 6)))
        frame = next(frames)
        assert (frame.index, index_of(frame.image), source.dropped, source.bad) == (1, 5, 4, 0)
        assert frame.time is not None and time.monotonic() - LONG < frame.time <= time.monotonic()
        assert (source.fps, source.size, source.live, source.total) == (50.0, (160, 120), True, None)
    assert not threads() and world.closed == world.opened == 1


def test_a_camera_that_disappears_is_news_and_goes_on_with_the_next_index_and_its_new_size(world: World) -> None:
    with Fake(world) as source, Reader(source) as reader:
        frames = iter(reader)
        next(frames)
        world.give(CUT)
        for _ in range(3):
            news = until_news(frames)
            assert (news.index, news.image, news.status) == (1, None, news.status)
            assert news.status.startswith("reconnecting, ") and news.status.endswith(" s")
        assert world.opened == 1 and len(world.attempts) > 1
        world.plugged.set()
        world.pictures.put(cv2.resize(draw_frame(9), (320, 240)))
        frame = until_picture(frames)
        assert (frame.index, frame.image.shape, index_of(frame.image[::2, ::2])) == (1, (240, 320, 3), 9)
        assert (source.bad, source.dropped, world.opened) == (0, 0, 2)
    assert not threads()


def test_attempts_to_connect_come_further_and_further_apart(world: World) -> None:
    with Fake(world) as source:
        pull_out(world, source, attempts=6)
    gaps = np.diff(world.attempts[1:6])
    assert (gaps >= [0.02, 0.04, 0.04, 0.04]).all(), gaps


def test_silence_is_news_and_ends_with_the_next_frame(world: World) -> None:
    with Fake(world, waits=SHORT) as source:
        frames = iter(source)
        next(frames)
        assert until_news(frames).index == 1
        world.pictures.put(draw_frame(3))
        assert index_of(until_picture(frames).image) == 3
        assert world.opened == 1, "the connection was never lost"


def test_garbage_is_passed_over_and_much_of_it_is_a_lost_connection(world: World) -> None:
    with Fake(world) as source:
        frames = iter(source)
        next(frames)
        world.give(None, np.zeros((0, 4, 3), np.uint8), draw_frame(5))
        assert index_of(until_picture(frames).image) == 5
        assert world.opened == 1
        world.give(None, np.zeros((4, 4, 3), np.float32), np.zeros((4, 4, 7), np.uint8), draw_frame(6))
        assert index_of(until_picture(frames).image) == 6
        assert world.opened == 2


def test_one_read_that_waited_in_vain_is_a_lost_connection(world: World) -> None:
    with Fake(world, waits=SHORT) as source:
        frames = iter(source)
        next(frames)
        world.give(SLOW, draw_frame(5))
        assert index_of(until_picture(frames).image) == 5
        assert world.opened == 2


def test_a_read_that_hangs_is_left_alone_and_another_connection_goes_on(world: World) -> None:
    with Fake(world, waits=replace(FAST, call=0.3)) as source:
        frames = iter(source)
        next(frames)
        world.pictures.put(HANG)
        world.pictures.put(draw_frame(7))
        frame = until_picture(frames)
        assert (frame.index, index_of(frame.image), world.opened) == (1, 7, 2)
    wait_for_threads(1)
    assert not world.released.is_set(), "one still hangs"


def test_closing_does_not_wait_for_a_read_that_hangs(world: World) -> None:
    with Fake(world, waits=replace(FAST, call=0.05)) as source:
        next(iter(source))
        world.pictures.put(HANG)
        assert world.hanging.wait(LONG)
        while not source._receptions[-1].hangs:
            time.sleep(0.01)
        began = time.monotonic()
    assert time.monotonic() - began < LONG / 2
    wait_for_threads(1)


def test_without_a_frame_for_long_enough_the_source_ends_and_says_why(world: World) -> None:
    with Fake(world) as source:
        frames = pull_out(world, source, attempts=2)
        source.gives_up = 0.01
        assert list(frames) == []
    assert source.ended == "no frame for 0.01 s (the fake camera is not plugged in)"
    assert source.bad == 0


def test_what_fails_at_the_start_is_one_clear_line_at_once(world: World) -> None:
    world.pictures.get()
    world.plugged.clear()
    with pytest.raises(InputError, match="not plugged in"), Fake(world):
        pass
    assert not threads()
    world.plugged.set()
    for _ in range(3):
        world.pictures.put(None)
    with pytest.raises(InputError, match="fake: answers, but sends no picture"), Fake(world) as source:
        source.first()
    assert not threads()
    with pytest.raises(InputError, match="no picture"), Fake(world, waits=replace(FAST, call=0.5)) as source:
        source.first()


def test_opening_that_hangs_is_one_clear_line(world: World) -> None:
    class Hanging(Endless):
        def open(self) -> None:
            assert world.released.wait(LONG)

    source = Fake(world, waits=replace(FAST, call=0.1, close=0.1))
    source.connect = Hanging  # type: ignore[method-assign, assignment]
    with pytest.raises(InputError, match="fake: does not answer"), source:
        pass
    wait_for_threads(1)


def test_a_recording_is_taken_whole_and_ends(world: World) -> None:
    world.frames = 10
    for index in range(1, 10):
        world.pictures.put(draw_frame(index))
    world.pictures.put(CUT)
    with Fake(world) as source:
        got = list(source)
    assert [index_of(frame.image) for frame in got] == [frame.index for frame in got] == list(range(10))
    assert (source.dropped, source.ended) == (0, "")


def test_a_picture_before_the_cut_is_taken(world: World) -> None:
    with Fake(world) as source:
        world.give(CUT)
        assert index_of(source.first().image) == 0


def test_a_recording_shorter_than_the_start_says_so(world: World) -> None:
    world.frames = 1
    world.pictures.put(CUT)
    with pytest.raises(InputError, match="has no frame 5"), Fake(world, Span(5)) as source:
        source.first()


def test_a_recording_that_breaks_off_says_so(world: World) -> None:
    world.frames = 10
    world.pictures.put(draw_frame(1))
    world.pictures.put(CUT)
    with Fake(world) as source:
        assert len(list(source)) == 2
    assert source.ended == "the connection broke off after 2 of about 10 frames"


def test_a_span_counts_the_frames_that_are_taken(world: World) -> None:
    world.frames = 12  # so that none is dropped
    for index in range(1, 12):
        world.pictures.put(draw_frame(index))
    with Fake(world, Span(2, 9, 3)) as source:
        assert [(frame.index, index_of(frame.image)) for frame in source] == [(2, 2), (5, 5), (8, 8)]
    assert [Span(2, None, 3).following(index) for index in (0, 2, 3, 5, 6)] == [2, 2, 5, 5, 8]


class Endless(Connection):
    """As many pictures as are asked for."""

    def open(self) -> None:
        pass

    def read(self) -> np.ndarray:
        return np.zeros((120, 160, 3), np.uint8)

    def close(self) -> None:
        pass


def test_memory_stays_flat_over_a_long_run(world: World) -> None:
    source = Fake(world)
    source.connect = Endless  # type: ignore[method-assign, assignment]
    tracemalloc.start()
    try:
        with source, Reader(source) as reader:
            for number, _ in enumerate(reader):
                if number == 100:
                    early = tracemalloc.get_traced_memory()[0]
                    tracemalloc.reset_peak()
                if number == 5000:
                    break
            now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    frame = 120 * 160 * 3
    assert now - early < 2 * frame and peak - early < 6 * frame


class Mjpeg(http.server.BaseHTTPRequestHandler):
    """A camera as they are sold: one JPEG after the other, until the server is cut."""

    def log_message(self, form: str, *values: object) -> None:
        pass

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        server = self.server
        assert isinstance(server, CameraServer)
        jpeg = cv2.imencode(".jpg", cv2.resize(draw_frame(server.shows), server.picture))[1].tobytes()
        head = b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(jpeg)
        try:
            while not server.cut.wait(0.01):
                self.wfile.write(head + jpeg + b"\r\n")
        except OSError:
            return  # the reader has gone


class CameraServer(http.server.ThreadingHTTPServer):
    def __init__(self, port: int, picture: tuple[int, int], shows: int) -> None:
        super().__init__(("127.0.0.1", port), Mjpeg)
        self.picture, self.shows, self.cut = picture, shows, threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def leave(self) -> None:
        """Cut in the middle: the stream ends, and nobody listens any more."""
        self.cut.set()
        self.shutdown()
        self.server_close()

    def __exit__(self, *error: object) -> None:
        self.leave()


def test_an_http_stream_that_is_cut_and_comes_back_is_read_on() -> None:
    with CameraServer(0, (160, 120), 5) as server:
        source = open_source(f"http://127.0.0.1:{server.server_port}/stream.mjpg")
        assert isinstance(source, Stream)
        source.waits = Waits(news=0.05, shortest=0.01, longest=0.04)
        with source:
            frames = iter(source)
            assert [index_of(next(frames).image) for _ in range(3)] == [5, 5, 5]
            server.leave()
            news = until_news(frames)
            assert news.index > 2 and news.status.startswith("reconnecting, ")
            with CameraServer(server.server_port, (320, 240), 6):
                frame = next(f for f in frames if f.image is not None and f.image.shape == (240, 320, 3))
            assert frame.index >= news.index
            assert index_of(frame.image[::2, ::2]) == 6
    assert not threads()
