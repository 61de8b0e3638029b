"""Adds a target in the middle of a video, re-draws one, removes one, and writes all of it as MOT.

    python examples/several_targets.py video.mp4 --first 120,80,60,90 --second 200,50,80,70 --output boxes.mot

The second target comes in frame 10. In frame 20 the first is drawn again where it was found, a little larger; in frame
30 the second is removed.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import tracker
from tracker.live.engine import Engine
from tracker.live.sinks.boxes import Boxes
from tracker.live.sources import open_source


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source")
    parser.add_argument("--first", type=tracker.Box.parse, required=True, metavar="x,y,w,h", help="in frame 0")
    parser.add_argument("--second", type=tracker.Box.parse, required=True, metavar="x,y,w,h", help="in frame 10")
    parser.add_argument("--output", default="boxes.mot", metavar="FILE")
    args = parser.parse_args()

    try:
        follower = tracker.MultiTracker(tracker.load())  # one network for all targets
        with open_source(args.source) as source, Engine(source, follower, [Boxes(args.output)]) as engine:
            first = engine.add(args.first, "first")
            for step in engine:  # what is changed here is in this frame's rows
                if step.index == 10:
                    second = engine.add(args.second, "second")
                elif step.index == 20:
                    box = step.results[first].box
                    engine.redraw(first, replace(box, x=box.x - 1, y=box.y - 1, w=box.w + 2, h=box.h + 2))
                elif step.index == 30:
                    engine.remove(second)
                states = {engine.targets[id].label: result.state for id, result in engine.current.results.items()}
                print(step.index, *(f"{name}: {state}" for name, state in states.items()))
    except ValueError as error:  # a source, a box or an output that is no good, in one line
        parser.error(str(error))
    print(f"{engine.summary.frames} frames at {engine.summary.fps:.1f} a second; wrote {args.output}")


if __name__ == "__main__":
    main()
