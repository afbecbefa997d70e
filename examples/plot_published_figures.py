"""
720, 2,000, 600, 6,600: can I draw this line?
=============================================

Four figures on county lines were published in seven years and are often put on one axis. Each
counts something else. What can be said of them together, and what of lines per head?
"""

import math

import matplotlib.pyplot as plt
import pandas as pd

import countylines as cl

published = cl.datasets.load_county_lines_national()
shown = ["lines", "deal_line_numbers", "branded_lines", "lines_detected"]
shown += ["potentially_active_lines_per_month", "active_lines"]
columns = ["period", "value", "value_upper", "qualifier", "unit", "counting_basis"]
published.loc[published["measure"].isin(shown), columns]

# %%
# The units differ: *numbers* are not *branded lines*, of which there were half as many in the same
# report. So do the windows: a count "per month" and one "at some time in the year" would differ
# even if nothing had changed. Put on one scale, lines that were active at some time in a year, each
# figure becomes a range. Twelve months with 600 lines each hold between 600 different lines, if
# every line lasts, and 7,200, if none does; "at least" has no upper end.

month_19 = cl.prevalence.window_bounds(cl.Band(800, 1100), 12)
month_20 = cl.prevalence.window_bounds(600, 12)
names = [
    "2017: at least 720 lines (force returns)",
    "2018: 1,000 branded lines, 2,000 numbers",
    "2019/20: 800 to 1,100 a month",
    "2020/21: 600 a month",
    "2022/23: 4,007 detected in the year",
    "2023/24: 6,644 detected in the year",
]
low = pd.Series([720, 1000, month_19.low, month_20.low, 4007, 6644], index=names)
high = pd.Series([math.inf, 2000, month_19.high, month_20.high, 4007, 6644], index=names)
people = cl.datasets.load_police_force_population().query("age_band == 'all'")
residents = float(people["population"].sum())
per_head = cl.prevalence.rate(cl.Band(low, high), residents, per=1_000_000)

# %%
# Every figure is divided by the same residents of England and Wales (Census 2021), and the first
# two are taken as figures of a year, which their sources do not say. Bars are what the figure
# leaves open, not chance: chance is too small to be seen beside it. The dotted line is the one that
# should not be drawn.

fig, ax = plt.subplots(figsize=(8, 3.8), layout="constrained")
edge = 240.0
for place, name in enumerate(names):
    left, right = per_head.region_low[name], per_head.region_high[name]
    y = -place
    ax.plot([left, min(right, edge)], [y, y], color="#1f5a8a", linewidth=6, solid_capstyle="butt")
    ax.plot([left], [y], "|", color="#1f5a8a", markersize=14, markeredgewidth=2)
    if math.isinf(right):
        ax.plot([edge], [y], ">", color="#1f5a8a", markersize=9, clip_on=False)
headlines = {0: 720, 1: 2000, 3: 600, 5: 6600}
per_million = [value / residents * 1e6 for value in headlines.values()]
ax.plot(per_million, [-place for place in headlines], ":o", color="#b3392f", label="as headlines")
ax.set_yticks([-place for place in range(len(names))], names)
ax.set_xlim(0, edge)
ax.set_xlabel("lines active at some time in a year, per million residents")
ax.legend(frameon=False, loc="lower left")
for side in ("top", "right", "left"):
    ax.spines[side].set_visible(False)

# %%
# Is the rise from 600 to 6,644 a rise at all? A month of 600 and a year of 6,644 can be one and the
# same population, but only if lines are short:

for count, year in ((600, "2020/21"), (1100, "2019/20, upper")):
    life = cl.prevalence.implied_duration(count, 6644, 12, count_window=1)
    months = f"{life.estimate:.2f} months"
    print(f"{count:,} a month ({year}) and 6,644 a year agree if lines last {months}.")

# %%
# 0.09 months is under three days, which nobody claims; 1.2 months may be. Only the last two figures
# share a unit, a basis and a window, and can be compared, as figures of detection. Given both
# together, the later one is a share of them, and its odds are the ratio of the two rates:

later = cl.prevalence.proportion(6644, 6644 + 4007)
ratio, *ends = (share / (1 - share) for share in (later.estimate, later.low, later.high))
print(
    f"Lines detected: {ratio:.2f} times those of the year before, {ends[0]:.2f} to {ends[1]:.2f}."
)

least, most = per_head.region_low[names[3]], per_head.region_high[names[3]]
print(
    f"A month of 600 leaves {least:.0f} to {most:.0f} lines per million in the year, which holds "
    f"the {per_head.estimate[names[5]]:.0f} detected in 2023/24: no line through the four "
    "headlines can be drawn. Two thirds more lines were detected in 2023/24 than the year before, "
    "and how much of that is better detection, as the police say, these figures cannot tell."
)
