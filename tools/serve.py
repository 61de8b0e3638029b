"""`python tools/serve.py ...` is `siamsa serve ...`."""

from tracker.cli.main import entry

if __name__ == "__main__":
    entry("serve")
