"""The parts of `siamsa evaluate`, a file each."""
