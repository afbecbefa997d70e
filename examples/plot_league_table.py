"""
A league table of police forces, done right
===========================================

From April 2022 to December 2023 police forces in England and Wales referred children as potential
victims of criminal exploitation at rates between 4 and 55 per 100,000 residents aged 10 to 17 and
year: a fourteen-fold range. How much of it is chance, and what does a place in the table mean?
"""

import matplotlib.pyplot as plt
import numpy as np

import countylines as cl

referrals = cl.datasets.load_nrm_criminal_exploitation_force().dropna(subset=["force"])
count = referrals.groupby("force")["child_criminal_any"].sum()
people = cl.datasets.load_police_force_population().query("age_band == '10-17'")
years = people.set_index("force")["population"].loc[count.index] * 1.75
options = {"leave_out": ["London, City of"], "per": 100_000}

# %%
# The City of London has 279 residents of that age and one referral: a rate of 205, the highest of
# all, from a place where hardly any child lives. It is left out of the rates by name. The British
# Transport Police has no residents at all, and no row here. Nobody is left out of the counts.

own = (count / years * 100_000).drop("London, City of").sort_values()
own.iloc[[0, -1]].round(1)

# %%
# Do forces differ by more than chance? Had all the same rate, tables like this would hardly ever
# arise. The overall rate is known far less well than the plain interval says, and a further force
# like these could have nearly any rate.

pooled = cl.prevalence.pooled_rate(count, years, rng=1, **options)
pooled

# %%
# A funnel holds each force against the overall rate without an order: how many lie outside the
# limits within which chance keeps 95 % of forces, and which once the differences that most forces
# show are allowed for?

outside = {}
for kind in (None, "additive"):
    funnel = cl.prevalence.funnel_limits(years, count=count, overdispersion=kind, **options)
    beyond = (own < funnel.low[own.index]) | (own > funnel.high[own.index])
    outside[kind] = list(own.index[beyond])
print(f"Outside the limits of chance: {len(outside[None])} of {own.size} forces.")
print(f"Outside wider ones, for forces that differ: {', '.join(outside['additive'])}.")

# %%
# Each rate is drawn towards the common one, the more the smaller the force: the range from the
# lowest to the highest falls from fourteen-fold to ninefold. What is left is not chance.

shrunken = cl.prevalence.shrunken_rate(count, years, **options)
order = own.index
ratio = shrunken.estimate[order].max() / shrunken.estimate[order].min()
print(f"{own.max() / own.min():.0f}-fold before, {ratio:.0f}-fold after.")

# %%
# Ranks, with the interval of each by itself (dark) and those that hold for all 42 at once (light).

ranks = cl.prevalence.rank_intervals(
    count, years, leave_out=["London, City of"], rng=np.random.default_rng(1)
)
together = cl.prevalence.rank_intervals(
    count, years, leave_out=["London, City of"], method="pairwise"
)

fig, (left, right) = plt.subplots(1, 2, figsize=(8.5, 9.0), sharey=True, layout="constrained")
place = np.arange(order.size)
left.hlines(place, shrunken.low[order], shrunken.high[order], color="#1f5a8a", linewidth=2)
left.plot(shrunken.estimate[order], place, "o", color="#1f5a8a", markersize=4.5, label="shrunken")
left.plot(own, place, "x", color="#8a8f94", markersize=5, label="own rate")
left.axvline(pooled.estimate, color="#8a8f94", linestyle="--", linewidth=1)
left.set_yticks(place, labels=order, fontsize="small")
left.set_ylim(-0.8, order.size - 0.2)
left.set_xlim(0, None)
left.set_xlabel("referrals per 100,000 aged 10 to 17 and year")
left.legend(loc="lower right", frameon=False)
right.hlines(place, together.low[order], together.high[order], color="#c9d6e2", linewidth=5)
right.hlines(place, ranks.low[order], ranks.high[order], color="#1f5a8a", linewidth=2)
right.plot(ranks.estimate[order], place, "o", color="#1f5a8a", markersize=4.5)
right.set_xlim(42.8, 0.2)
right.set_xticks([1, 10, 20, 30, 42])
right.set_xlabel("rank, 1 the highest")
for ax in (left, right):
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.tick_params(axis="y", length=0)

# %%
# Three forces are surely in the upper half of the table and two in the lower. Those between could
# stand nearly anywhere: the light bars of most of them cover more than half of the table.
#
# What makes Gwent's rate nine times Northumbria's? The first explanation is recording. A force
# refers whom it has looked for, by its own reading of what exploitation is; local authorities refer
# too, and where they do so instead, the police count is low. No interval knows of that.

top = [force for force in order[::-1] if together.high[force] <= 21]
bottom = [force for force in order if together.low[force] >= 22]
print(f"Surely in the upper half: {', '.join(top)}. Surely in the lower: {', '.join(bottom)}.")
