"""
Composition or disparity?
=========================

In 2020 the police forces of England and Wales recorded five times as many stops and searches per
Black resident as per White resident. How much of that is met within forces, and how much comes from
where the two groups live? And what would one expect of a force not yet looked at?
"""

import matplotlib.pyplot as plt
import numpy as np

import countylines as cl

stops = cl.datasets.load_stop_search_pfa_2019_2021().query("year == 2020")
table = stops.pivot(index="force", columns="ethnic_group")
data = [table[column][g] for g in ("Black", "White") for column in ("stopped", "population")]

# %%
# The ratio of the totals is the ratio within forces times what comes from where the groups live.
# The split is exact; which of the two is the right figure depends on the question.

report = cl.disproportionality.simpson_report(*data)
print(report)

# %%
# One ratio within forces supposes that all have the same. They do not: the mean over forces, and
# the ratio that another force like these might have, say how far apart they are.

same = cl.disproportionality.homogeneity(*data)
mean = cl.disproportionality.pool(*data, estimand="mean")
print(f"Chi-squared for one ratio in all forces: {same.statistic:,.0f} in {same.n} forces.")

# %%
# Forces by the share of all Black residents who live there. What the totals hold beyond the forces
# is made at the right: many Black residents in one place, where everybody is stopped more.

forces = report.table.assign(stops=(data[0] + data[2]) / (data[1] + data[3]))
forces = forces[np.isfinite(forces.ratio) & (forces.ratio > 0)]
everywhere = (data[0].sum() + data[2].sum()) / (data[1].sum() + data[3].sum())
most = forces.share_of_group.idxmax()
print(f"{forces.share_of_group[most]:.0%} of Black and {forces.share_of_ref[most]:.0%} of White "
      f"residents live in the area of the {most}, which stops "
      f"{1000 * forces.stops[most]:.0f} of 1,000 residents against "
      f"{1000 * everywhere:.0f} in all areas.")  # fmt: skip

order = forces.ratio.sort_values().index
place = np.arange(order.size)
fig, (left, right) = plt.subplots(
    1, 2, figsize=(10, 8.5), layout="constrained", width_ratios=(5, 6)
)
left.axvspan(mean.prediction.low, mean.prediction.high, color="#eef2f6")
left.plot(forces.ratio[order], place, "o", color="#1f5a8a", markersize=4.5)
for value, style, words in (
    (report.crude.estimate, ":", "of the totals"),
    (report.pooled.estimate, "-", "within forces"),
    (1.0, "--", "no difference"),
):
    left.axvline(value, color="#3a3f44", linestyle=style, linewidth=1.2, label=words)
left.set_xscale("log")
left.set_xticks([1, 2, 3, 5, 8], labels=["1", "2", "3", "5", "8"])
left.minorticks_off()
left.set_yticks(place, labels=order, fontsize="small")
left.set_ylim(-0.8, order.size - 0.2)
left.set_xlabel("stops per resident, Black over White (log scale);\nband: another force like these")
left.legend(frameon=False, loc="lower left", bbox_to_anchor=(-0.05, 1.0), ncols=3, fontsize="small")

tilt = forces.share_of_group / forces.share_of_ref
right.scatter(
    1000 * forces.stops, tilt, 1500 * forces.share_of_group + 12, color="#1f5a8a", alpha=0.65
)
right.axhline(1.0, color="#3a3f44", linestyle="--", linewidth=1)
beside = {
    most: (-14, 12),
    "West Midlands": (-10, 8),
    "Merseyside": (8, 8),
    "London, City of": (8, -14),
    "Greater Manchester": (40, 8),
}
for name, offset in beside.items():
    right.annotate(
        name,
        (1000 * forces.stops[name], tilt[name]),
        xytext=offset,
        textcoords="offset points",
        ha="right",
        fontsize="small",
    )
right.set_xscale("log")
right.set_yscale("log")
right.set_xticks([0.1, 1, 10, 100], labels=["0.1", "1", "10", "100"])
right.set_yticks([0.1, 0.3, 1, 3], labels=["0.1", "0.3", "1", "3"])
right.minorticks_off()
right.set_xlabel("stops per 1,000 residents of either group (log scale)")
right.set_ylabel("share of all Black residents over share of all White residents")
right.set_title("Area of a mark: share of all Black residents", fontsize="small", loc="left")
for ax in (left, right):
    ax.spines[["top", "right"]].set_visible(False)

# %%
# What it says. A force is itself a mix of places, so part of the ratio within forces is composition
# too; and living where more is stopped may be the very thing asked about. Only stops with a place
# and an ethnicity on record are counted, which in some forces are few.

print(
    f"Of {report.crude.estimate:.1f} times as many stops per head, a factor of "
    f"{report.pooled.estimate:.1f} is met within forces and a factor of "
    f"{report.composition.estimate:.1f} comes from where people live; over forces the mean is "
    f"{mean.estimate:.1f} ({mean.low:.1f} to {mean.high:.1f}), and another force might have "
    f"anything from {mean.prediction.low:.1f} to {mean.prediction.high:.1f}."
)
