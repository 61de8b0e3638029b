"""`python tools/train.py ...` is `siamsa train ...`."""

from tracker.cli.main import entry

if __name__ == "__main__":
    entry("train")
