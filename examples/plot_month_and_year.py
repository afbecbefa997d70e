"""
A count in a month and a count in a year are not points of one series
======================================================================

"Fallen from around 2,000 in 2018 to 600" was printed in 2021, and in 2024 "around 6,600 active
lines". Put one behind the other, the figures fall by two thirds and then rise elevenfold. What do
they count?
"""

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import countylines as cl

figures = cl.datasets.load_county_lines_national()
wanted = ["potentially_active_lines_per_month", "active_lines", "lines_detected", "lines"]
figures.loc[
    figures["measure"].isin(wanted), ["period", "measure", "qualifier", "value", "value_upper"]
]

# %%
# Some are of a month, some of a year, some of neither. A line that is active in three months is in
# three monthly counts and in one annual count. Without any model, what can a year have had if its
# months had 800 to 1,100 lines, or 600?
earlier = cl.prevalence.window_bounds(cl.Band(800, 1100), 12)
later = cl.prevalence.window_bounds(600, 12)
print(f"2019/20: {earlier.low:,.0f} to {earlier.high:,.0f} different lines in the year")
print(f"2020/21: {later.low:,.0f} to {later.high:,.0f}")

# %%
# To narrow that down one has to know how long a line lives. No source says. So turn the question
# round: how long must it live for the monthly figures to agree with 6,644 in the year? The answer
# hangs on whether "active per month" is a stock at a moment or a count in a one-month window.
months = pd.Series({"600 (2020/21)": 600, "800 (2019/20)": 800, "1,100 (2019/20)": 1100})
as_stock = cl.prevalence.implied_duration(months, 6644, 12)
as_count = cl.prevalence.implied_duration(months, 6644, 12, count_window=1)
days = pd.DataFrame(
    {"as a stock": as_stock.estimate, "as a count in a month": as_count.estimate}
) * (365.25 / 12)
days.round(0)

# %%
# The same as a picture: the distinct lines of a year that a monthly figure amounts to, for every
# mean life. Where a curve meets the line at 6,644 nothing at all has changed between the years.
life = np.geomspace(2, 365, 200)
fig, ax = plt.subplots(figsize=(7, 4.4), layout="constrained")
for count, colour in ((600, "tab:blue"), (1100, "tab:orange")):
    stock = cl.prevalence.distinct_in_window(count, life, 365.25)
    month = cl.prevalence.convert_window(count, 365.25 / 12, 365.25, mean_duration=life)
    ax.plot(life, stock.estimate, color=colour, label=f"{count:,} is a stock at a moment")
    ax.plot(life, month.estimate, "--", color=colour, label=f"{count:,} is a count in a month")
ax.axhline(6644, color="0.3", linewidth=1)
ax.annotate("6,644 detected in 2023/24", (3.4, 6644), (0, 4), textcoords="offset points")
ax.set_xscale("log")
ax.set_xticks([2, 7, 30, 90, 365], labels=["2 days", "a week", "a month", "3 months", "a year"])
ax.minorticks_off()
ax.set_ylim(0, 15000)
ax.set_xlabel("mean active life of a line (not known)")
ax.set_ylabel("distinct lines in a year")
ax.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
ax.legend(frameon=False, fontsize="small", loc="upper right", bbox_to_anchor=(1, 0.98))

# %%
low, high = days.loc["1,100 (2019/20)"].min(), days.loc["1,100 (2019/20)"].max()
print(
    f"If lines live for {low:.0f} to {high:.0f} days, 1,100 a month and 6,644 a year are the same "
    "number of lines. Read as a count in a month, 600 would need a life of "
    f"{days.loc['600 (2020/21)', 'as a count in a month']:.0f} days: then something else changed, "
    "such as what is counted or how much is found. The figures cannot say which."
)
