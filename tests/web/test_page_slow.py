"""A slow network: what is done before the server has answered."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.web.browser import Desk
from tracker.box import Box

if TYPE_CHECKING:
    from playwright.sync_api import WebSocketRoute

pytestmark = pytest.mark.slow
MIDDLE = 24
Open = Callable[..., Desk]


class Network:
    """Lies between a page and its server, and can hold back what the server says."""

    def __init__(self, desk: Desk) -> None:
        self.said: list[dict[str, object]] = []  # commands of the page
        self._waiting: list[str | bytes] = []
        self._slow = False
        desk.page.route_web_socket("**/live*", self._through)

    def _through(self, socket: WebSocketRoute) -> None:
        self._socket, server = socket, socket.connect_to_server()
        server.on_message(self._hear)
        socket.on_message(lambda message: (self.said.append(json.loads(message)), server.send(message)))

    def _hear(self, message: str | bytes) -> None:
        if self._slow:
            self._waiting.append(message)
        else:
            self._socket.send(message)

    def stop(self) -> None:
        """Hold back all that the server says from now on."""
        self._slow = True

    def go_on(self) -> None:
        """Let it through."""
        self._slow = False
        for message in self._waiting:
            self._socket.send(message)
        self._waiting = []

    def refuse(self, line: str) -> None:
        """Let the page hear an error in place of what the server said."""
        self._slow, self._waiting = False, []
        self._socket.send(json.dumps({"type": "error", "error": line}))

    def commands(self, do: str) -> list[dict[str, object]]:
        """What the page asked for, of one kind."""
        return [one for one in self.said if one["do"] == do]

    def has_answered(self, kind: str) -> bool:
        """Whether the server has said something of a kind that is held back."""
        return any(isinstance(one, str) and json.loads(one)["type"] == kind for one in self._waiting)


def test_a_box_belongs_to_the_picture_it_is_drawn_on(desk: Open) -> None:
    page = desk()
    network = Network(page)
    page.open("short.mp4")
    page.seek(MIDDLE)
    network.stop()
    page["scrub"].fill("8")
    page.until(lambda: "8 /" in page["where"].inner_text(), "the wish is not shown")
    page.until(lambda: network.has_answered("frame"), "no answer")
    assert page.shows(MIDDLE)  # what is seen, not what is wished for
    page.drag(200, 30, 260, 80)
    page.until(lambda: network.has_answered("targets"), "the box was not sent")
    network.go_on()
    page.until(lambda: page.targets == 1 and page.shows(MIDDLE), "the box is not with its picture")
    assert "target 1 tracking" in (page["picture"].get_attribute("aria-label") or "")


def test_the_next_change_begins_from_the_last(desk: Open) -> None:
    page = desk()
    network = Network(page)
    page.open("short.mp4")
    page.draw(Box(60, 60, 80, 60))
    network.stop()
    page.drag(140, 120, 160, 140)  # its corner
    page.drag(100, 100, 120, 90)  # its inside, before the server has answered
    page.page.keyboard.press("ArrowRight")
    page.until(lambda: len(network.commands("redraw")) == 3, "not all was sent")
    sized, moved, nudged = ([round(value) for value in one["box"]] for one in network.commands("redraw"))
    assert (sized, moved, nudged) == ([60, 60, 100, 80], [80, 50, 100, 80], [81, 50, 100, 80])
    network.go_on()
    page.page.keyboard.press("ArrowDown")
    page.until(lambda: len(network.commands("redraw")) == 4, "not sent")
    assert network.commands("redraw")[3]["box"] == pytest.approx([81, 51, 100, 80], abs=1.5)


def test_a_refused_change_is_taken_back(desk: Open) -> None:
    page = desk()
    network = Network(page)
    page.open("short.mp4")
    page.draw(Box(60, 60, 80, 60))
    network.stop()
    page.drag(100, 90, 120, 90)
    page.until(lambda: network.has_answered("targets") and network.has_answered("frame"), "the box was not sent")
    network.refuse("not there")
    page.until(lambda: "Not there" in page["message-text"].inner_text(), "it is not said")
    page["picture"].focus()
    page.page.keyboard.press("ArrowRight")
    page.until(lambda: len(network.commands("redraw")) == 2, "nothing was sent")
    assert network.commands("redraw")[1]["box"] == pytest.approx([61, 60, 80, 60], abs=1.5)
