"""Search for the best constants of tracking: one study, trials that survive kill -9, and nothing computed twice."""
