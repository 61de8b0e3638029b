"""The screen as a source, on a virtual display."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest

from tests.helpers import ROOT, needs_xvfb
from tracker.errors import InputError
from tracker.live.sources import open_source


@pytest.fixture
def display(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A virtual display of 320x200, whose number the server chooses."""
    ours, theirs = os.pipe()
    words = ["Xvfb", "-displayfd", str(theirs), "-screen", "0", "320x200x24", "-nolisten", "tcp"]
    words += ["-noreset"]  # it would refuse clients for a moment after its last one has left
    server = subprocess.Popen(words, pass_fds=[theirs], stderr=subprocess.DEVNULL)
    os.close(theirs)
    with open(ours) as answer:
        monkeypatch.setenv("DISPLAY", f":{answer.readline().strip()}")
    yield
    server.terminate()
    server.wait(30)


class TestOnADisplay:
    pytestmark = needs_xvfb

    @pytest.fixture(autouse=True)
    def mss(self) -> None:
        pytest.importorskip("mss", reason="mss is not installed")

    def test_the_screen_and_a_region_are_frames(self, display: None) -> None:
        for address, size in (("screen", (320, 200)), ("screen:10,20,64,48", (64, 48))):
            with open_source(address) as source:
                frames = iter(source)
                for index in range(3):
                    frame = next(frames)
                    assert (frame.index, frame.image.shape, frame.image.dtype) == (
                        index,
                        (size[1], size[0], 3),
                        np.uint8,
                    )
                    assert frame.image.flags.c_contiguous
                assert (source.live, source.size, source.fps) == (True, size, 25.0)

    @pytest.mark.parametrize("address", ["screen:300,0,64,48", "screen:0,0,0,10"])
    def test_a_region_beyond_the_screen_is_one_clear_line(self, display: None, address: str) -> None:
        with pytest.raises(InputError, match="320x200 pixels"), open_source(address):
            pass

    @pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere there is always a screen")
    def test_without_a_display_it_is_one_clear_line(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("DISPLAY", "WAYLAND_DISPLAY"):
            monkeypatch.delenv(name, raising=False)
        with pytest.raises(InputError, match="screen: there is none") as caught, open_source("screen"):
            pass
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("address", ["screen:", "screen:1,2", "screen:a,b,c,d", "screen:-5,0,10,10"])
def test_a_region_that_is_none_is_one_clear_line(address: str) -> None:
    with pytest.raises(InputError, match="screen:x,y,w,h"), open_source(address):
        pass


def test_without_mss_the_line_says_how_to_install_it() -> None:
    code = (
        "import sys; sys.modules['mss'] = None\n"
        "from tracker.errors import InputError; from tracker.live.sources import open_source\n"
        "try:\n    open_source('screen').__enter__()\nexcept InputError as error:\n    print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert "siamsa[screen]" in done.stdout, done.stderr
