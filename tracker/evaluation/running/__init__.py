"""Trackers led over sequences: protocols, their plans, and the folder of results."""
