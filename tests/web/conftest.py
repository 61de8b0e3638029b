"""Chromium, a served folder of rendered videos, and pages in it. Skipped where there is no browser."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from tests.web.browser import CHROMIUM, FLAGS, SIZE, Desk, Sample, render, serving
from tracker.data.render import Clip

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    for name in ("playwright", "starlette", "uvicorn", "websockets"):
        if importlib.util.find_spec(name) is None:
            pytest.skip(f"{name} is not installed: pip install '.[dev,web]'")
    if CHROMIUM is None:
        pytest.skip("chromium is not installed: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Sample]:
    """`short`: always in view; `hidden`: the target is hidden for a while."""
    folder = tmp_path_factory.mktemp("videos")
    clips = {"short": Clip(60, SIZE, seed=2, occluded=0), "hidden": Clip(70, SIZE, seed=3, hidden=14)}
    return {name: render(folder / f"{name}.mp4", clip) for name, clip in clips.items()}


@pytest.fixture(scope="module")
def served(playwright: Playwright, samples: dict[str, Sample]) -> Iterator[str]:
    """Address of a server of the samples."""
    with serving("--videos", str(samples["short"].path.parent)) as address:
        yield address


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    yield started
    started.close()


@pytest.fixture
def desk(browser: Browser, served: str) -> Iterator[Callable[..., Desk]]:
    """Opens pages, each of another person. In the end: no error was logged, and no other host was asked."""
    logged: list[str] = []
    asked: list[str] = []
    desks: list[Desk] = []

    def make(address: str = served, may_log: str = "\0", **options: Any) -> Desk:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})
        page = context.new_page()
        page.on(
            "console",
            lambda said: said.type in ("error", "warning") and may_log not in said.text and logged.append(said.text),
        )
        page.on("pageerror", lambda error: logged.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.on("websocket", lambda socket: asked.append(socket.url))
        desks.append(Desk(page, address))
        return desks[-1]

    yield make
    for one in desks:
        one.leave()
    host = urlsplit(served).netloc
    assert [url for url in asked if not url.startswith("blob:") and urlsplit(url).netloc != host] == []
    assert logged == []
