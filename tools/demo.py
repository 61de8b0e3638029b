"""`python tools/demo.py SOURCE ...` is `siamsa track SOURCE ...`; without arguments it is `siamsa demo`."""

import sys

from tracker.cli.main import entry

if __name__ == "__main__":
    entry("track" if sys.argv[1:] else "demo")
