"""The desktop window: what is shown, what keys and mouse do to it, and the run they steer."""
