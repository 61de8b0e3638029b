"""The browser application: a server that tracks, and a page that shows. Needs the extra `siamsa[web]`."""
