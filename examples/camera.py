"""Follows an object in front of a camera, or in a stream that may break off and come back, until `q` is pressed.

python examples/camera.py 0
python examples/camera.py rtsp://camera/stream --box 200,150,80,80 --frames 500 --no-window
"""

from __future__ import annotations

import argparse

import cv2

import tracker
from tracker.live.display import has_display
from tracker.live.engine import Engine
from tracker.live.sources import Span, open_source


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", help="number of a camera, or the address of a stream")
    parser.add_argument("--box", type=tracker.Box.parse, metavar="x,y,w,h", help="default: the middle of the picture")
    parser.add_argument("--frames", type=int, metavar="N", help="end after so many")
    parser.add_argument("--no-window", action="store_true", help="print only")
    args = parser.parse_args()
    window = has_display() and not args.no_window
    try:
        follower = tracker.MultiTracker(tracker.load())
        with open_source(args.source, Span(stop=args.frames)) as source, Engine(source, follower) as engine:
            height, width = engine.first().image.shape[:2]
            target = engine.add(args.box or tracker.Box(3 * width / 8, 3 * height / 8, width / 4, height / 4))
            state = ""
            for step in engine:
                now = step.status or step.results[target].state  # a status is news of the source: no frame has come
                if now != state:
                    print(f"frame {step.index}: {now}", flush=True)
                    state = now
                if window:
                    cv2.imshow("camera", step.drawn)
                    if cv2.waitKey(1) == ord("q"):
                        break
    except ValueError as error:  # a source, or a box that is no good, in one line
        parser.error(str(error))
    print(f"{engine.summary.frames} frames at {engine.summary.fps:.1f} a second, {source.dropped} passed over")
    if source.ended:
        print(source.ended)


if __name__ == "__main__":
    main()
