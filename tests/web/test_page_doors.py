"""A server with a token, and one that opens streams."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.web.browser import Desk, Sample, serving

pytestmark = pytest.mark.slow
TOKEN = "word-of-the-test"


@pytest.fixture(scope="module")
def served(playwright: object, samples: dict[str, Sample]) -> Iterator[str]:
    with serving("--videos", str(samples["short"].path.parent), "--token", TOKEN, "--streams") as address:
        yield address


def test_the_token_is_taken_out_of_the_address(
    desk: Callable[..., Desk], served: str, samples: dict[str, Sample]
) -> None:
    assert served.endswith(f"?token={TOKEN}")
    page = desk().open("short.mp4")
    assert TOKEN not in page.page.url
    page.draw(samples["short"].boxes[0])
    page["step"].click()
    page.until(lambda: page.shows(1), "no step")
    page.page.reload()
    page.wait_for_picture()
    assert page.targets == 1


def test_without_the_token_it_is_asked_for(desk: Callable[..., Desk], served: str) -> None:
    page = desk(served.partition("?")[0], may_log="401").open()
    page["token-input"].fill("not-the-word")
    page.page.keyboard.press("Enter")
    page.until(lambda: page["token-input"].is_visible(), "it is not asked for again")
    page["token-input"].fill(TOKEN)
    page.page.keyboard.press("Enter")
    page.page.get_by_role("button", name="short.mp4").click()
    page.wait_for_picture()


def test_a_stream_that_is_not_there(desk: Callable[..., Desk]) -> None:
    page = desk(may_log="status of 4").open()
    page["stream-url"].fill("http://127.0.0.1:9/none.mjpeg")
    page.page.keyboard.press("Enter")
    page.until(lambda: page["message"].is_visible() or "econnect" in page["news"].inner_text(), "nothing is said")


def test_an_address_that_is_none_is_said_in_words_beside_the_heading(desk: Callable[..., Desk]) -> None:
    page = desk(may_log="status of 4").open()
    page["stream-url"].fill("ftp://somewhere/film")
    page.page.keyboard.press("Enter")
    page.until(lambda: page["message"].is_visible(), "nothing is said")
    assert page["message-text"].inner_text().startswith("The address of a stream begins with rtsp://")
    page.page.evaluate("scrollTo(0, 0)")
    message, heading = page["message"].bounding_box(), page["chooser-title"].bounding_box()
    assert message is not None and heading is not None
    assert message["y"] + message["height"] <= heading["y"], "it lies over the heading"
