"""Numbers from arrays: overlap, success, precision, VOT's averages. No files, no benchmarks."""
