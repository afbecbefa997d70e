"""
Many forces at once
===================

Police forces in England and Wales record stops and searches of Black people at many times the rate
of White people, per resident. How much of the difference between forces is chance, which forces
stand out once 43 are looked at, and what does a force's place among them mean?
"""

import matplotlib.pyplot as plt
import numpy as np

import countylines as cl

table = cl.datasets.load_stop_search_pfa_2019_2021().query("year == 2020 and stopped.notna()")
wide = table.pivot(index="force", columns="ethnic_group", values=["stopped", "population"]).dropna()
stopped, people = wide["stopped"], wide["population"]
data = (stopped["Black"], people["Black"], stopped["White"], people["White"])

# %%
# Each force by itself, and all of them at once: the intervals that hold together are wider, and a
# p-value is adjusted for the number of forces.

own = cl.disproportionality.rate_ratio(*data)
together = cl.disproportionality.simultaneous(own)
adjusted = cl.disproportionality.false_discovery(own.pvalue)
print(f"{own.estimate.size} forces: the low end is above 1 in {(own.low > 1).sum()} by themselves,")
print(f"in {(together.low > 1).sum()} together; {(adjusted <= 0.05).sum()} stand at a rate of 5 %.")

# %%
# Each ratio drawn towards the others, the more the fewer stops it rests on. Most forces record so
# many stops that little is drawn: the differences between them are not chance.

shrunken = cl.disproportionality.shrunken_ratio(*data)
order = own.estimate.sort_values().index
typical = float(shrunken.towards.iloc[0])
print(f"The typical ratio is {typical:.1f}; shrunken ones run from "
      f"{shrunken.estimate.min():.1f} to {shrunken.estimate.max():.1f}.")  # fmt: skip

# %%
# Events in Black people against those expected had each force the typical ratio: a funnel, and
# ranks with the interval that holds for all forces at once.

expected = stopped["White"] / people["White"] * people["Black"] * typical
funnel = cl.prevalence.funnel_limits(
    expected,
    target=1.0,
    count=data[0],
    measure="ratio",
    overdispersion="additive",
    estimator="reml",
    transform="log",
)
relative = data[0] / expected
outside = [f for f in order if not funnel.low[f] <= relative[f] <= funnel.high[f]]
ranks = cl.prevalence.rank_intervals(data[0], expected, method="pairwise")
print(f"Outside a funnel that allows for how forces differ: {'; '.join(outside) or 'none'}.")

fig, (left, right) = plt.subplots(1, 2, figsize=(8.5, 9.5), sharey=True, layout="constrained")
place = np.arange(order.size)
left.hlines(place, together.low[order], together.high[order], color="#c9d6e2", linewidth=5)
left.hlines(place, shrunken.low[order], shrunken.high[order], color="#1f5a8a", linewidth=2)
left.plot(shrunken.estimate[order], place, "o", color="#1f5a8a", markersize=4.5, label="shrunken")
left.plot(own.estimate[order], place, "x", color="#8a8f94", markersize=5, label="own ratio")
left.axvline(1.0, color="#8a8f94", linewidth=1)
left.axvline(typical, color="#8a8f94", linestyle="--", linewidth=1)
left.set_xscale("log")
left.set_xticks([1, 2, 5, 10, 20], labels=["1", "2", "5", "10", "20"])
left.minorticks_off()
left.set_yticks(place, labels=order, fontsize="small")
left.set_ylim(-0.8, order.size - 0.2)
left.set_xlabel("stops per resident, Black over White (log scale)")
left.legend(loc="lower right", frameon=False)
right.hlines(place, ranks.low[order], ranks.high[order], color="#1f5a8a", linewidth=3)
right.set_xlim(order.size + 0.8, 0.2)
right.set_xlabel("rank, 1 the highest: all intervals hold together")
for ax in (left, right):
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.tick_params(axis="y", length=0)

# %%
# What the ranks allow for is chance among recorded stops alone. Residents are not who was there to
# be stopped, forces with few Black residents stop people who live elsewhere, and where ethnicity is
# not recorded no stop is counted at all.

top = [f for f in order[::-1] if ranks.high[f] <= order.size / 2]
print(f"Surely in the upper half: {len(top)} of {order.size} forces, {top[0]} the highest.")
