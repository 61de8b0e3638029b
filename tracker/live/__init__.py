"""The live application: sources of frames, the loop over them, and the sinks that take the results."""
