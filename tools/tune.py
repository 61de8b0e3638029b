"""`python tools/tune.py --root DIR ...` is `siamsa tune --root DIR ...`."""

from tracker.cli.main import entry

if __name__ == "__main__":
    entry("tune")
