"""The report of an evaluation: one HTML page, the same as plots and tables.

`data` gathers everything into plain objects, `plots` draws, `strips` cuts out frames, `page` and `exports` write.
"""
