"""
One ratio, ten regions: why they cannot be ranked
=================================================

A published assessment says that Black people are over-represented among those involved in county
lines "in all regions", against the census. No regional count is published. What would the same
difference in rates look like in each region?
"""

import matplotlib.pyplot as plt
import numpy as np

import countylines as cl

census = cl.datasets.load_census2021_ethnicity_region()
black = census[(census.n_categories == 5) & (census.ethnic_group5 == "Black")]
black = black[(black.geography_level == "region") | (black.geography == "Wales")]
share = black.set_index("geography")["percent"] / 100
share.round(4)

# %%
# A representation ratio divides a group's share among recorded people by its share of the
# residents. It cannot exceed one over the latter, so the same rate against everyone else's shows
# as another ratio where the group is larger. The dots are the regions.
residents = np.linspace(0.005, 0.15, 200)

fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
for rate_ratio, colour in ((2.0, "tab:blue"), (5.0, "tab:green"), (10.0, "tab:purple")):
    curve = cl.disproportionality.rate_to_representation_ratio(rate_ratio, residents)
    ax.plot(100 * residents, curve, color=colour)
    dots = cl.disproportionality.rate_to_representation_ratio(rate_ratio, share)
    ax.plot(100 * share, dots, "o", color=colour, markersize=4)
    ax.annotate(
        f"rate {rate_ratio:.0f} times",
        (15, curve[-1]),
        xytext=(5, 0),
        textcoords="offset points",
        va="center",
        color=colour,
    )
ax.plot(100 * residents, 1 / residents, color="0.4", linestyle="--", linewidth=1)
ax.annotate("one over the share", (9.2, 11), color="0.3")
ax.set_xlim(0, 18)
ax.set_ylim(0, 12)
ax.set_xlabel("group's share of residents [%]")
ax.set_ylabel("representation ratio")

# %%
# Now a HYPOTHETICAL sample of 258 people in each region, and a rate that is three times that of
# everybody else everywhere. The count is the one expected.
ratio = cl.disproportionality.rate_to_representation_ratio(3.0, share)
count = (258 * share * ratio).round()
result = cl.disproportionality.representation_ratio(count, 258, share)

fig, ax = plt.subplots(figsize=(7, 4.5), layout="constrained")
cl.plotting.forest(result, log=True, ax=ax)
_ = ax.set_xticks([0.5, 1, 2, 5, 10], labels=["0.5", "1", "2", "5", "10"])

# %%
# The same difference gives a ratio of 2.4 in London and nearly 3 in Wales, with intervals that are
# wide where few people are expected. Turned into rates against everybody else, the places agree as
# far as whole people allow:
rate = cl.disproportionality.representation_to_rate_ratio(result, share)

fig, ax = plt.subplots(figsize=(7, 4.5), layout="constrained")
cl.plotting.forest(rate, log=True, reference=3.0, ax=ax)
_ = ax.set_xticks([1, 2, 3, 5, 10], labels=["1", "2", "3", "5", "10"])

# %%
print(
    f"A threefold rate shows as a ratio of {ratio['London']:.1f} in London and of "
    f"{ratio['Wales']:.1f} in Wales: a league table of such ratios ranks regions by their census."
)
