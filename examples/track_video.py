"""Follows named objects through a video in one loop, and writes their boxes and an annotated video.

python examples/track_video.py video.mp4 car=120,80,60,90 bus=200,50,80,70 --output boxes.csv seen.mp4
"""

from __future__ import annotations

import argparse

import tracker


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", help="video, folder of images, stream: whatever `siamsa track` takes")
    parser.add_argument("boxes", nargs="+", metavar="NAME=x,y,w,h", help="on the first frame")
    parser.add_argument("--output", nargs="*", default=[], metavar="FILE", help="boxes (.csv, .mot, ...) or a video")
    args = parser.parse_args()

    boxes = {name: tracker.Box.parse(numbers) for name, _, numbers in (text.rpartition("=") for text in args.boxes)}
    lost = dict.fromkeys(boxes, 0)
    try:
        for step in tracker.track_video(args.source, boxes, outputs=args.output, overwrite=True):
            for name, result in step.named.items():
                lost[name] += result.lost
    except ValueError as error:  # a source, a box or an output that is no good, in one line
        parser.error(str(error))
    for name, result in step.named.items():
        print(f"{name}: {result.state} in frame {step.index}, {result.box}; lost in {lost[name]} frames")


if __name__ == "__main__":
    main()
