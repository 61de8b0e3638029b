"""`python -m tracker` is `siamsa`."""

from tracker.cli.main import entry

entry()
