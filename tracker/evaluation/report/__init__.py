"""The report of an evaluation: one HTML page, the same as plots and tables.

`data` gathers everything into plain objects, `curves` and `comparisons` draw the `plots`, `strips` cuts out frames,
`page` and `exports` write.
"""
