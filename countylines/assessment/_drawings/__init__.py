"""Figures of the report, one file a claim; each function draws on the empty figure it is given.

matplotlib is imported by the caller (:mod:`countylines.assessment._svg`): nothing here imports it.
All figures share one width, narrow enough that a phone shows the letters at the size of the text.
"""
