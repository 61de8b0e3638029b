"""Many targets: their lanes in the timeline, and their labels in the picture."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.web.browser import Desk
from tracker.box import Box

pytestmark = pytest.mark.slow
Open = Callable[..., Desk]
MANY = 7
BOXES = [Box(20 + 72 * (i % 4), 30 + 90 * (i // 4), 36, 36) for i in range(MANY)]
PHONE = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}

# The colour of the timeline at a point in CSS pixels.
COLOUR = """([x, y]) => {
  const canvas = document.getElementById("timeline");
  const ratio = canvas.width / canvas.clientWidth;
  const copy = Object.assign(document.createElement("canvas"), { width: canvas.width, height: canvas.height });
  const context = copy.getContext("2d", { willReadFrequently: true });
  context.drawImage(canvas, 0, 0);
  return [...context.getImageData(Math.round(x * ratio), Math.round(y * ratio), 1, 1).data].slice(0, 3);
}"""
INK = "getComputedStyle(document.body).color.match(/\\d+/g).map(Number)"

# Three boxes one over the other, with long names; the first is chosen. What is drawn of their labels, in order.
LABELS = """async () => {
  const { Stage } = await import("/static/stage.js");
  const canvas = document.createElement("canvas");
  canvas.style = "position: fixed; inset: 0; width: 600px; height: 400px";
  document.body.append(canvas);
  const stage = new Stage(canvas);
  const name = "a very long name of something that is followed";
  const one = { name, colour: "#56b4e9", score: 0.5, state: "tracking", box: [200, 150, 60, 60] };
  Object.assign(stage, { size: [600, 400], chosen: 1, targets: [1, 2, 3].map((id) => ({ ...one, id })) });
  stage.draw();
  return stage.labels;
}"""


@pytest.fixture
def crowd(desk: Open) -> Iterator[Desk]:
    """A page with many targets."""
    page = desk().open("short.mp4")
    for count, box in enumerate(BOXES, 1):
        page.draw(box)
        lanes(page, count)
    yield page


def lanes(desk: Desk, count: int) -> None:
    """Wait until the timeline has so many lanes."""
    said = f"Scores of {count} target"
    desk.until(lambda: said in (desk["timeline"].get_attribute("aria-label") or ""), f"not {count} lanes", 20)


def measures(desk: Desk) -> tuple[float, float, float]:
    """Height of the timeline's box and of what is in it, and how far that is scrolled."""
    box = desk["timeline-box"]
    high, whole, top = box.evaluate("(box) => [box.clientHeight, box.scrollHeight, box.scrollTop]")
    return high, whole, top


def test_the_picture_keeps_its_place_and_all_lanes_are_brought_into_view(desk: Open) -> None:
    page = desk().open("short.mp4")
    before = page["picture"].bounding_box()
    for count, box in enumerate(BOXES, 1):
        page.draw(box)
        lanes(page, count)
        assert page["picture"].bounding_box() == before, f"it moves with {count} targets"
    high, whole, _ = measures(page)
    lane = whole / MANY
    assert high < whole and lane >= 22
    assert (high / lane) % 1 == pytest.approx(0.5, abs=0.1), "the last lane is not cut: there seem to be no more"
    width = page["timeline"].evaluate("(canvas) => [canvas.offsetWidth, canvas.parentElement.offsetWidth - 2]")
    assert width[0] == width[1], "the lines stay in line with the slider beside a scroll bar"
    page.page.get_by_role("button", name="Choose target 1").click()
    page.until(lambda: measures(page)[2] == 0, "the first lane is not brought into view")
    page.page.get_by_role("button", name="Choose target 7").click()
    page.until(lambda: measures(page)[0] + measures(page)[2] >= measures(page)[1] - 1, "nor is the last one")
    page["picture"].focus()
    page.page.keyboard.press("n")  # goes on at the first
    page.until(lambda: measures(page)[2] == 0, "nor is that which a key chooses")


def test_names_stand_beside_the_scores(crowd: Desk) -> None:
    line, slider = crowd["timeline"].bounding_box(), crowd["scrub"].bounding_box()
    assert line is not None and slider is not None
    gutter = slider["x"] - line["x"]
    assert gutter > 100 and slider["x"] + slider["width"] == pytest.approx(line["x"] + line["width"], abs=2)
    # Beside the middle of the mark, where the line of the frame is that is shown.
    ink, lane = crowd.page.evaluate(INK), measures(crowd)[1] / MANY
    found = [crowd.page.evaluate(COLOUR, [gutter + 8, i * lane + lane - 10]) for i in range(MANY)]
    assert found == [ink] * MANY, "a name lies over the mark"
    card = crowd.page.evaluate(COLOUR, [gutter - 4, lane / 2])
    assert crowd.page.evaluate(COLOUR, [gutter / 2 + 60, lane / 2]) == card, "a short name ends before the lane"


def test_one_lane_leaves_no_empty_room(desk: Open) -> None:
    page = desk(**PHONE).open("short.mp4")
    page.draw(BOXES[0])
    lanes(page, 1)
    high, whole, _ = measures(page)
    assert high == whole <= 90
    bottom = page.page.evaluate(COLOUR, [180, high - 1])
    line = page.page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--line')")
    assert bottom == [int(line.strip()[i : i + 2], 16) for i in (1, 3, 5)], "the lane does not end where its box does"


def test_labels_are_cut_and_do_not_cover_each_other(desk: Open) -> None:
    page = desk().open()
    labels = page.page.evaluate(LABELS)
    assert [label["id"] for label in labels] == [2, 3, 1], "the chosen one is drawn last"
    for label in labels:
        assert label["text"].endswith("… 0.50") and label["text"].startswith("a very")
        assert label["place"][2] <= 600 / 3 + 1
    rows = sorted(label["place"][1] for label in labels)
    assert all(low - high >= 21 for high, low in zip(rows, rows[1:], strict=False))
