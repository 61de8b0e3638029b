"""The commands of the browser: what they hold is checked, then the player does them."""

from __future__ import annotations

from collections.abc import Callable

from tracker.box import Box
from tracker.live.engine import check_box
from tracker.live.web.player import Image, Player
from tracker.live.web.wire import Refused, Words

SLOWEST, FASTEST = 0.25, 4.0


def _add(player: Player, words: Words) -> None:
    box, name = words.box(), words.name()
    frame, image = _drawn_on(player, words, box)
    player.draw(player.board.add(name), box, frame, image)


def _redraw(player: Player, words: Words) -> None:
    id, box = player.board.known(words.integer("id", 1)), words.box()
    player.draw(id, box, *_drawn_on(player, words, box))


def _drawn_on(player: Player, words: Words, box: Box) -> tuple[int, Image]:
    frame, image = player.drawn_on(words.integer("frame") if "frame" in words else player.position)
    check_box(box, image, f"frame {frame}")
    return frame, image


def _remove(player: Player, words: Words) -> None:
    player.remove(player.board.known(words.integer("id", 1)), words.flag("keep"))


def _restore(player: Player, words: Words) -> None:
    player.restore(words.integer("id", 1))


def _rename(player: Player, words: Words) -> None:
    player.board.rename(player.board.known(words.integer("id", 1)), words.name())
    player.edited()


def _play(player: Player, words: Words) -> None:
    player.play(words.direction())


def _pause(player: Player, words: Words) -> None:
    player.pause()


def _step(player: Player, words: Words) -> None:
    player.step(words.direction())


def _seek(player: Player, words: Words) -> None:
    player.seek(words.integer("frame"))


def _speed(player: Player, words: Words) -> None:
    rate = words.number("rate", 0, FASTEST)
    if 0 < rate < SLOWEST:
        raise Refused(400, f"rate: expected 0 (as fast as it goes), or {SLOWEST:g} to {FASTEST:g}")
    player.speed(rate)


def _hello(player: Player, words: Words) -> None:
    player.hello()


COMMANDS: dict[str, Callable[[Player, Words], None]] = {
    "add": _add,
    "redraw": _redraw,
    "remove": _remove,
    "restore": _restore,
    "rename": _rename,
    "play": _play,
    "pause": _pause,
    "step": _step,
    "seek": _seek,
    "speed": _speed,
    "hello": _hello,
}
