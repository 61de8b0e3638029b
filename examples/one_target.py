"""Follows one object with a loop of OpenCV's, and prints a line a frame.

python examples/one_target.py video.mp4 --box 120,80,60,90
"""

from __future__ import annotations

import argparse

import cv2

import tracker


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("video")
    parser.add_argument("--box", type=tracker.Box.parse, required=True, metavar="x,y,w,h", help="on the first frame")
    args = parser.parse_args()

    capture = cv2.VideoCapture(args.video)
    ok, frame = capture.read()
    if not ok:
        parser.error(f"{args.video}: cannot be read as a video")
    follow = tracker.load()  # the shipped network, on a GPU where there is one
    try:
        follow.init(frame, args.box)
    except ValueError as error:  # a box that is no good, in one line
        parser.error(str(error))
    number = 0
    while True:
        ok, frame = capture.read()
        if not ok:
            break
        number += 1
        result = follow.update(frame)
        x, y, w, h = result.box.xywh
        print(f"{number}: {x:.1f},{y:.1f},{w:.1f},{h:.1f} score {result.score:.2f}{' lost' if result.lost else ''}")


if __name__ == "__main__":
    main()
