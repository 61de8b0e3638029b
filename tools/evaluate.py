"""`python tools/evaluate.py run|score|report ...` is `siamsa evaluate run|score|report ...`."""

from tracker.cli.main import entry

if __name__ == "__main__":
    entry("evaluate")
