"""
In all regions: one region decides
==================================

A published assessment says that Black people are over-represented "in all regions". No regional
count is public. What would it take to establish such a sentence, and what becomes of it where it
fails in a single region? The samples below are SYNTHETIC: 2,577 people, as many as the release
mentions, in equal parts for nine regions and Wales. Only the benchmarks are real: the shares of
Black residents at the 2021 census.
"""

import matplotlib.pyplot as plt
import pandas as pd

import countylines as cl

census = cl.datasets.census2021_benchmark("Black")
regions = census.share.sort_values(ascending=False).index


def counts(sample):
    """People of the group, and all people, by region."""
    of_group = sample["ethnicity"].eq("Black").groupby(sample["region"]).agg(["sum", "size"])
    return of_group.loc[census.share.index]


# %%
# Two SYNTHETIC samples with known truths. In the first the ratio is 3 everywhere, so that the claim
# is true. In the second it is 3 everywhere but in the North West, where it is a half: the claim is
# false, and every figure for the country as a whole still looks much the same.
everywhere = pd.Series(3.0, index=census.share.index)
but_one = everywhere.copy()
but_one["North West"] = 0.5

results, samples = {}, {}
for title, ratio in (("3 in every region", everywhere), ("0.5 in the North West", but_one)):
    sample = cl.simulate.people(ratio=ratio, missing=0.0, rng=5)
    by_region = samples[title] = counts(sample)
    results[title] = cl.disproportionality.over_represented_in_all(
        by_region["sum"], by_region["size"], census, true_ratio=3.0
    )

# %%
# Each dot is an observed ratio, each line runs from its one-sided lower limit; the region with the
# largest p-value decides, and is drawn in red. A region whose line crosses one is not established.
fig, axes = plt.subplots(1, 2, figsize=(9, 4.6), sharey=True, sharex=True, layout="constrained")
for ax, (title, result) in zip(axes, results.items(), strict=True):
    table = result.table.loc[regions]
    for place, (_, row) in enumerate(table.iterrows()):
        colour = "tab:red" if row["decides"] else ("tab:blue" if row["passes"] else "0.55")
        ax.plot([row["low"], 12], [place, place], color=colour, linewidth=1.5, alpha=0.5)
        ax.plot(row["ratio"], place, "o", color=colour, markersize=6)
        ax.plot(row["low"], place, "|", color=colour, markersize=9)
        if row["decides"]:
            label = f"decides, p = {row['pvalue']:.2g}"
            ax.annotate(label, (11.5, place - 0.2), color=colour, ha="right", fontsize=9)
    ax.axvline(1, color="0.3", linestyle="--", linewidth=1, zorder=0)
    ax.set_xscale("log")
    ax.set_xlim(0.08, 12)
    ax.set_xticks([0.1, 0.25, 0.5, 1, 2, 4, 8], labels=["0.1", "0.25", "0.5", "1", "2", "4", "8"])
    ax.minorticks_off()
    ax.set_title(f"SYNTHETIC, truth: {title}", fontsize=10)
    ax.set_xlabel("ratio to the census share, and its lower limit")
axes[0].set_yticks(range(len(regions)), labels=regions)
_ = axes[0].invert_yaxis()

# %%
# How many people would it take? For a true ratio in every region, the chance to establish it in all
# of them, by the number of people recorded in each.
sizes = [50, 100, 258, 500, 1000, 2000]
power = pd.DataFrame(
    {
        ratio: [
            cl.disproportionality.power_in_all(size, census, true_ratio=ratio) for size in sizes
        ]
        for ratio in (2.0, 3.0, 5.0)
    },
    index=pd.Index(sizes, name="people in each region"),
)
power.round(3)

# %%
true, broken = results.values()
without_one = samples["0.5 in the North West"]
least = cl.disproportionality.over_represented_in_at_least(
    without_one["sum"], without_one["size"], census
)
print(
    f"With a ratio of 3 everywhere, {int(true.table['passes'].sum())} of 10 regions pass and "
    f"p = {true.pvalue:.2g} for all; such samples establish it in all with a chance of "
    f"{power.loc[258, 3.0]:.0%}. With one region at a half, {int(broken.table['passes'].sum())} "
    f"pass, p = {broken.pvalue:.2g}, and what stands is 'in at least {least.effect.low:.0f} of 10'."
)
