"""Worker processes, who they belong to, and how they are stopped."""
