"""
Ethnicity not recorded: what is left of a ratio
===============================================

Ethnicity is not recorded for everybody whom police charge, and those of whom it is not need not be
like the others. How much of an over-representation survives that? No count of the nominals by
ethnicity is public, so the counts here are SYNTHETIC; the benchmark is the census.
"""

import matplotlib.pyplot as plt
import numpy as np

import countylines as cl

count, known, missing = 18, 227, 31  # SYNTHETIC: 258 people, ethnicity unknown of 12 %
residents = cl.datasets.census2021_benchmark("Black", place="West Midlands")
print(f"{residents}: {100 * residents.share:.1f} %")

# %%
# In the worst case all of the unknown are of the group, or none of them. The ratio lies between
# these bounds whatever they are; the interval adds what 258 people leave open.
worst = cl.disproportionality.missing_bounds(count, known, missing, residents, target="region")
print(worst)

# %%
# Between the bounds the ratio follows the odds of the group among the unknown, relative to its
# odds among the known. At 1 ethnicity is missing at random, and the ratio is the known-only one.
grid = np.exp(np.linspace(np.log(0.05), np.log(20), 121))
curve = cl.disproportionality.missing_odds_curve(count, known, missing, residents, odds=grid)
tip = cl.disproportionality.missing_tipping_point(
    count, known, missing, residents, at="limit", scale="odds"
)

fig, ax = plt.subplots(figsize=(7, 4.2), layout="constrained")
ax.fill_between(grid, curve["low"], curve["high"], color="tab:blue", alpha=0.2, linewidth=0)
ax.plot(grid, curve["estimate"], color="tab:blue")
ends = ((worst.region_low, "none of the unknown", -12), (worst.region_high, "all of them", 4))
for end, words, shift in ends:
    ax.axhline(end, color="0.4", linestyle="--", linewidth=1)
    ax.annotate(words, (0.055, end), xytext=(0, shift), textcoords="offset points", color="0.3")
ax.axhline(1.0, color="black", linewidth=1)
if tip.estimable:
    ax.plot(tip.estimate, 1.0, "o", color="tab:red")
    ax.annotate(
        f"limit at 1: odds {tip.estimate:.2f} times",
        (tip.estimate, 1.0),
        xytext=(6, -14),
        textcoords="offset points",
        color="tab:red",
    )
ax.set_xscale("log")
ax.set_xticks([0.05, 0.2, 0.5, 1, 2, 5, 20], labels=["0.05", "0.2", "0.5", "1", "2", "5", "20"])
ax.set_xlim(0.05, 20)
ax.set_ylim(0.5, 4.8)
ax.set_xlabel("odds of the group among the unknown, relative to the known")
_ = ax.set_ylabel("representation ratio")

# %%
# The same question for other benchmarks: the tipping point is the share of the group among the
# unknown at which the ratio itself is 1.
for place in ("England and Wales", "West Midlands", "London"):
    benchmark = cl.datasets.census2021_benchmark("Black", place=place)
    point = cl.disproportionality.missing_tipping_point(count, known, missing, benchmark)
    if point.estimable:
        words = f"1 if {100 * point.estimate:.0f} % of the unknown are of the group"
    else:
        words = "never 1, whoever the unknown are"
    print(f"against residents of {place}: {words}")

# %%
print(
    f"Whoever the {missing} are, the ratio of these {known + missing} people lies between "
    f"{worst.region_low:.1f} and {worst.region_high:.1f}. Sampling makes it {worst.low:.2f} to "
    f"{worst.high:.1f}: above 1 is established only if the odds of the group among the unknown "
    f"are at least {tip.estimate:.2f} times those among the known."
)
