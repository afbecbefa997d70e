"""
What two percentages leave open
===============================

"Internal lines +232 %, external lines -12.2 %" was printed without counts. What share of lines does
that make internal?
"""

# %%
# From the percentages alone, any share: the answer is an identified range, and a verdict says so.
import matplotlib.pyplot as plt
import numpy as np

import countylines as cl

alone = cl.localisation.share_from_changes(232, -12.2)
print(alone)

# %%
# The change of the total closes the gap. It must lie between the two percentages; every value
# between them is possible, and each gives another share.
total_change = np.linspace(-12, 231, 200)
share = cl.localisation.share_from_changes(232, -12.2, total_change=total_change)
printed = 100 * (6644 / 4007 - 1)
with_total = cl.localisation.share_from_changes(232, -12.2, total_change=round(printed, 1))

fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
ax.plot(total_change, 100 * share.estimate, color="tab:blue")
ax.plot(
    [0],
    [100 * cl.localisation.share_from_changes(232, -12.2, total_change=0).estimate],
    "o",
    color="0.3",
)
ax.annotate(
    "if the total had\nnot changed", (0, 17), xytext=(10, -6), textcoords="offset points", va="top"
)
ax.plot([printed], [100 * with_total.estimate], "o", color="tab:orange")
ax.annotate(
    "with the totals printed\nin the press, 4,007 and 6,644",
    (printed, 64),
    xytext=(10, -6),
    textcoords="offset points",
    va="top",
)
ax.set_xlabel("change of the total [%]")
ax.set_ylabel("internal lines, second year [% of detected]")
ax.set_ylim(0, 100)

# %%
print(
    "Two percentages alone leave any share possible; with the two totals, "
    f"{100 * with_total.estimate:.0f} % of the lines detected in the second year were internal."
)
