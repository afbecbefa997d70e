"""
Did lines become local, or better recorded?
===========================================

Printed for 2023/24 against 2022/23: internal lines (within one police force) up 232 %, external
lines (across a boundary) down 12.2 %; and, in the press, 6,644 lines against 4,007. The counts by
kind are not printed. How far do these figures go?
"""

import matplotlib.pyplot as plt
import numpy as np

import countylines as cl

tables = cl.localisation.compatible_counts(
    4007,
    6644,
    changes={"internal": 232, "external": -12.2},
    decimals={"internal": 0, "external": 1},
)
tables

# %%
# Fourteen whole-number tables agree, and they hardly differ: internal lines went from 32 % to 64 %
# of those detected - if both totals share definition and vintage with the percentages, if every
# line is of one kind or the other, and if percentages were rounded to the nearest digit.
row = tables.iloc[7]
counts = (row.internal_before, row.external_before, row.internal_after, row.external_after)
odds = cl.localisation.localisation_odds_ratio(*counts)
odds

# %%
# How much better must internal lines be detected, relative to external ones, to explain it all? If
# they became *d* times as easy to detect, the odds ratio of the lines themselves is the recorded
# one divided by *d*. Nothing in the counts says what *d* is.
needed = cl.localisation.tipping_point(*counts)
detection = np.linspace(1, 6, 101)

fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
ax.plot(detection, odds.estimate / detection, label="odds ratio of the lines")
ax.fill_between(
    detection, odds.low / detection, odds.high / detection, alpha=0.25, label="95 % interval"
)
ax.axhline(1, color="0.4", linestyle="--", linewidth=1)
ax.plot([needed.estimate], [1], "o", color="tab:orange")
ax.annotate(
    f"no change in the lines,\nif detection rose {needed.estimate:.1f}-fold",
    (needed.estimate, 1),
    xytext=(8, 12),
    textcoords="offset points",
)
ax.set_yscale("log")
ax.set_yticks([0.5, 1, 2, 4], labels=["0.5", "1", "2", "4"])
ax.minorticks_off()
ax.set_xlabel("rise in the detection of internal relative to external lines")
ax.set_ylabel("odds ratio")
ax.legend(frameon=False)

# %%
# And how many of the internal lines of the second year would the first year have called external?
moved = cl.localisation.reclassification_sensitivity(*counts)
moved[["case", "moved_share", "internal_share_after", "estimate", "low", "high"]].round(3)

# %%
print(
    "The figures support a large change in what was recorded. Whether lines changed, or detection "
    f"({needed.estimate:.1f}-fold), or the meaning of internal "
    f"({100 * moved.attrs['tipping_share']:.0f} % of lines), they cannot say."
)
