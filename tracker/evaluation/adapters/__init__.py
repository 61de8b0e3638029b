"""What lets other toolkits work with our results and trackers, a file each; imported where used."""
