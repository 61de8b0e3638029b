"""A folder of many videos, some of them damaged, some with names of other scripts."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.web.browser import Desk, Sample, serving

pytestmark = pytest.mark.slow
Open = Callable[..., Desk]
NAMES = [*(f"Clip {i}.mp4" for i in range(1, 15)), "日本 é.mp4"]


@pytest.fixture(scope="module")
def served(playwright: object, samples: dict[str, Sample], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("many")
    for name in NAMES:
        shutil.copy(samples["short"].path, folder / name)
    (folder / "clip <b>9.mp4").write_bytes(b"")
    with serving("--videos", str(folder)) as address:
        yield address


def test_the_list_is_in_order_says_what_is_missing_and_can_be_searched(desk: Open) -> None:
    page = desk().open()
    names = page.page.locator("#videos b")
    page.until(lambda: names.count() == len(NAMES), "not all are listed")
    assert names.all_inner_texts() == NAMES
    assert page["videos-unread"].inner_text() == "1 file could not be read: clip <b>9.mp4"
    assert page["videos-more"].is_hidden()
    page["video-filter"].fill("CLIP 1")
    page.until(lambda: names.count() == 6, "the list is not searched")
    page["video-filter"].fill("none of them")
    page.until(lambda: "No video has this" in page["videos"].inner_text(), "it is not said that there is none")


def test_a_list_that_is_cut_says_so(desk: Open) -> None:
    page = desk()
    offer = {"videos": [{"name": "a.mp4"}], "unreadable": list("abcdefg"), "omitted": 12, "uploads": True}
    page.page.route("**/api/info", lambda route: route.fulfill(json=offer))
    page.open()
    page.until(lambda: page["videos-more"].is_visible(), "it is not said")
    assert page["videos-more"].inner_text() == "Only the first 8 are listed; the folder has 12 more."
    assert page["videos-unread"].inner_text() == "7 files could not be read: a, b, c, d, e and 2 more"


def test_a_download_has_the_name_of_the_video(desk: Open, samples: dict[str, Sample], tmp_path: Path) -> None:
    page = desk().open("日本")
    page.draw(samples["short"].boxes[0])
    page["step"].click()
    csv = page.page.locator("[data-form=csv]")
    page.until(lambda: page.shows(1) and csv.is_enabled(), "nothing can be saved")
    assert page.download("csv", tmp_path).name == "日本 é.csv"


def test_a_long_list_is_shown_in_part_until_all_are_asked_for(desk: Open) -> None:
    page = desk()
    offer = {"videos": [{"name": f"{i}.mp4", "frames": 1} for i in range(40)], "uploads": True}
    page.page.route("**/api/info", lambda route: route.fulfill(json=offer))
    page.open()
    names = page.page.locator("#videos b")
    page.until(lambda: names.count() == 24, "not the first ones")
    assert page.page.locator("#videos small").first.inner_text() == "1 frame"
    page.page.get_by_role("button", name="Show all 40").click()
    page.until(lambda: names.count() == 40, "not all")
    assert page.page.evaluate("document.activeElement.textContent").startswith("24.mp4")
