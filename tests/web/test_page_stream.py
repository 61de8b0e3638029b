"""A stream on the page: it is cut, and comes back in another size."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from tests.live.test_live_sources import CameraServer
from tests.web.browser import Desk, serving
from tracker.box import Box

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def served(playwright: object) -> Iterator[str]:
    with serving("--streams") as address:
        yield address


def test_a_stream_that_comes_back_in_another_size_is_drawn_on_in_that_size(desk: Callable[..., Desk]) -> None:
    page = desk().open()
    with CameraServer(0, (160, 120), 5) as camera:
        page["stream-url"].fill(f"http://127.0.0.1:{camera.server_port}/stream.mjpg")
        page.page.keyboard.press("Enter")
        page.wait_for_picture()
        assert "160×120" in page["source-name"].inner_text()
        camera.leave()
        page.until(lambda: "Reconnecting" in page["news"].inner_text(), "the cut is not told")
        with CameraServer(camera.server_port, (320, 240), 6):
            page.until(lambda: "320×240" in page["source-name"].inner_text(), "the new size is not told")
            page["new-box"].click()  # holds the picture
            drawn = Box(220, 160, 60, 50)
            page.draw(drawn)
            page["track"].click()
            page.until(lambda: page["news"].inner_text() == "Paused", "does not pause")
            timeline = json.loads(page.ask("timeline") or b"{}")
            first = timeline["targets"][0]["given"][0]
            assert page.near(page.known(first), drawn, 2)
