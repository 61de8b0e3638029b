"""`python tools/evaluate.py run|score ...` is `siamsa evaluate run|score ...`."""

from tracker.cli.main import entry

if __name__ == "__main__":
    entry("evaluate")
