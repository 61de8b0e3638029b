"""Without a mouse; names of all controls; a visible focus; enough contrast in light and dark."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.web.browser import SIZE, Desk, Sample, overlap

pytestmark = pytest.mark.slow
Open = Callable[..., Desk]
NAMED = {"button", "textbox", "searchbox", "slider", "combobox", "checkbox", "application", "image", "meter", "dialog"}
NAMED |= {
    "progressbar",
    "link",
    "alert",
    "group",
    "spinbutton",
    "radio",
    "tab",
    "menuitem",
    "switch",
    "Canvas",
    "canvas",
}
FREE = {"alert", "group"}  # may do without

# Texts that are seen, as [text, contrast with what is behind it]; what cannot be used may be paler.
CONTRAST = """() => {
  const parts = (colour) => (colour.match(/[\\d.]+/g) || []).map(Number);
  const over = ([r, g, b, a = 1], below) => [r, g, b].map((part, i) => a * part + (1 - a) * below[i]);
  const light = (colour) => {
    const [r, g, b] = colour.map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) {
      const colour = parts(getComputedStyle(at).backgroundColor);
      if (colour[3] !== 0) layers.push(colour);
      if (colour.length === 3) break;
    }
    return layers.reverse().reduce((below, layer) => over(layer, below), [128, 128, 128]);
  };
  const found = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data.trim()).join("");
    const text = own || (element.matches("input[type=text]") ? element.value || element.placeholder : "");
    if (!text || !element.checkVisibility({ visibilityProperty: true })) continue;
    if (element.closest(":disabled, svg, .sr")) continue;
    if (getComputedStyle(element).clipPath !== "none") continue;
    const below = behind(element);
    const [a, b] = [light(over(parts(getComputedStyle(element).color), below)), light(below)];
    found.push([text, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)]);
  }
  return found;
}"""


def unnamed(desk: Desk) -> list[dict[str, Any]]:
    """Controls without a name in the browser's own accessibility tree."""
    client = desk.page.context.new_cdp_session(desk.page)
    nodes = client.send("Accessibility.getFullAXTree")["nodes"]
    roles = [
        (node.get("role", {}).get("value"), node.get("name", {}).get("value", ""))
        for node in nodes
        if not node["ignored"]
    ]
    assert any(role == "button" for role, _ in roles)
    return [{"role": role} for role, name in roles if role in NAMED - FREE and not name.strip()]


def test_all_by_keys(desk: Open, samples: dict[str, Sample]) -> None:
    wanted = samples["short"].boxes[0]
    page = desk().open()
    page.page.get_by_role("button", name="short.mp4").wait_for()
    keys = page.page.keyboard
    focused = "document.activeElement.innerText || document.activeElement.id"
    for _ in range(20):
        keys.press("Tab")
        style = page.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert style == "solid", f"no focus is seen on {page.page.evaluate(focused)}"
        if "short.mp4" in page.page.evaluate(focused):
            break
    keys.press("Enter")
    page.wait_for_picture()
    assert page.page.evaluate("document.activeElement.id") == "picture"
    keys.press("b")
    page.until(lambda: "Enter takes it" in page["news"].inner_text(), "no box is begun")
    side = round(min(SIZE) / 4)
    for key, pixels in (("Right", wanted.w - side), ("Down", wanted.h - side)):
        shrink = {"Right": "Left", "Down": "Up"}[key]
        for _ in range(abs(round(pixels))):
            keys.press(f"Shift+Arrow{key if pixels > 0 else shrink}")
    for key, pixels in (("Right", wanted.x - (SIZE[0] - side) / 2), ("Down", wanted.y - (SIZE[1] - side) / 2)):
        back = {"Right": "Left", "Down": "Up"}[key]
        for _ in range(abs(round(pixels))):
            keys.press(f"Arrow{key if pixels > 0 else back}")
    keys.press("Enter")
    page.until(lambda: page.targets == 1, "the box is not taken")
    keys.press("Space")
    page.until(lambda: page.frame > 6, "it does not track")
    keys.press("Space")
    page.until(lambda: page["track-word"].inner_text() == "Track", "it does not pause")
    found = page.known(0), page.known(6)
    assert None not in found
    assert overlap([box for box in found if box], [wanted, samples["short"].boxes[6]]) > 0.7
    frame = page.frame
    keys.press(",")
    keys.press(",")  # one more frame may have come meanwhile
    page.until(lambda: page.frame < frame and page.shows(page.frame), "no step back")
    keys.press("Shift+Slash")
    assert page["help-dialog"].is_visible()
    keys.press("Escape")
    assert page["help-dialog"].is_hidden()
    keys.press("Home")
    page.until(lambda: page.shows(0), "not at the first frame")
    keys.press("n")
    keys.press("Delete")
    page.until(lambda: page.targets == 0, "not removed")


def test_every_control_has_a_name(desk: Open, samples: dict[str, Sample]) -> None:
    page = desk().open()
    page.page.get_by_role("button", name="short.mp4").wait_for()
    assert unnamed(page) == []
    page.page.get_by_role("button", name="short.mp4").click()
    page.wait_for_picture()
    page.draw(samples["short"].boxes[0])
    assert unnamed(page) == []
    page["help"].click()
    assert unnamed(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast(desk: Open, samples: dict[str, Sample], scheme: str) -> None:
    page = desk(color_scheme=scheme).open()
    page.page.get_by_role("button", name="short.mp4").wait_for()
    texts = page.page.evaluate(CONTRAST)
    page.page.get_by_role("button", name="short.mp4").click()
    page.wait_for_picture()
    page.draw(samples["short"].boxes[0])
    page["step"].click()
    page.until(lambda: page.shows(1), "no step")
    texts += page.page.evaluate(CONTRAST)
    page["help"].click()
    texts += page.page.evaluate(CONTRAST)
    assert len(texts) > 60
    assert [(text, round(ratio, 2)) for text, ratio in texts if ratio < 4.5] == []
    assert page.page.evaluate("document.documentElement.dataset.theme") == scheme
    page["help-close"].click()
    page["theme"].click()
    assert page.page.evaluate("document.documentElement.dataset.theme") != scheme
    page.page.reload()
    assert page.page.evaluate("document.documentElement.dataset.theme") != scheme  # remembered


def test_the_slider_has_its_ring_around_the_thumb(desk: Open) -> None:
    page = desk().open("short.mp4")
    page["scrub"].focus()
    page.page.keyboard.press("ArrowRight")
    page.until(lambda: page.shows(1), "the slider does not take the key")
    style = page["scrub"].evaluate("(one) => [getComputedStyle(one).outlineColor, one.matches(':focus-visible')]")
    assert style == ["rgba(0, 0, 0, 0)", True], "a frame as wide as the page"
