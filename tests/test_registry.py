from __future__ import annotations

import pytest

from tracker.registry import Registry


@pytest.fixture
def heads() -> Registry[type]:
    registry: Registry[type] = Registry("head")
    registry.register("anchor_free")(int)
    registry.register("depthwise_ban")(float)
    return registry


def test_returns_what_was_registered(heads: Registry[type]) -> None:
    assert heads["anchor_free"] is int
    assert list(heads) == ["anchor_free", "depthwise_ban"]


def test_decorator_leaves_the_part_as_it_is() -> None:
    registry: Registry[type] = Registry("head")

    @registry.register("mine")
    class Mine:
        pass

    assert registry["mine"] is Mine and isinstance(Mine(), Mine)


def test_unknown_name_suggests_the_nearest_and_lists_all(heads: Registry[type]) -> None:
    with pytest.raises(ValueError, match=r"unknown head 'anchor_fre'; did you mean 'anchor_free'\?.*depthwise_ban"):
        heads["anchor_fre"]


def test_a_name_is_taken_once(heads: Registry[type]) -> None:
    with pytest.raises(ValueError, match="'anchor_free' is registered twice"):
        heads.register("anchor_free")(str)
    assert heads["anchor_free"] is int
