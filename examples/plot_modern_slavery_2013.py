"""
One published estimate and the models behind it
===============================================

In 2014 the Home Office put the number of potential victims of modern slavery in the United Kingdom
in 2013 at 10,000 to 13,000, of whom 2,744 were known (Silverman 2014; Bales, Hesketh and Silverman
2015). The figure comes from who was on which of six lists. What does it rest on?
"""

import matplotlib.pyplot as plt

import countylines as cl
from countylines.capture_recapture import loglinear, model_search

table = cl.datasets.load_mse("uk_2013")
six = cl.CaptureHistories.from_table(table, lists=table.attrs["lists"])
print(table.attrs["citation"])
six.overlaps()

# %%
# Most overlaps are small, some are empty. How many people are on no list has to be read from them,
# through a model of which pairs of lists attract or avoid each other. The published range is the
# interval of one model, found by adding pairs of the six lists one at a time for as long as each
# was significant (Silverman 2020). The model that is second best by BIC, of all 32,768 models of
# pairs, gives just that range.
search = model_search(six, max_order=2)
columns = ["model", "estimate", "bic", "weight"]
search.table[columns].head(4).round({"estimate": 0, "bic": 1, "weight": 2})

# %%
second = loglinear(six, search.table["generators"][1])
print(f"{second.model}: {second.estimate:,.0f} ({second.low:,.0f} to {second.high:,.0f})")

# %%
# The interval says how far the estimate would move in another sample *if this model were known to
# hold*. It does not say how far it moves from model to model. Two of the lists belong to the
# police: the forces (PF) and the National Crime Agency (NCA). Treat them as one list. No person is
# added, none is lost, and nothing that is known about anybody changes, but for which of the two
# knew them.
five = six.merge({"PFNCA": ["PF", "NCA"]})
merged = model_search(five, max_order=2)
print(merged)

# %%
# Each mark is a model: the total that it gives, against how much worse than the best it fits. Open
# marks are models that make an empty overlap impossible. With six lists most of the weight lies
# near 12,000. With five it is split between two clouds that fit equally well.
fig, axes = plt.subplots(2, 1, figsize=(7, 8.4), sharex=True, layout="constrained")
for ax, found, title in zip(axes, (search, merged), ("six lists", "five lists"), strict=True):
    cl.plotting.disagreement(found, ax=ax)
    ax.set_title(title, loc="left", fontsize="medium")
    ax.axvspan(10_000, 13_000, color="0.9", zorder=-1)
axes[0].set_xlabel("")
axes[0].get_legend().remove()

# %%
# The grey band is what was published. Averaging does not settle it: the average of the two clouds
# is a number that neither of them supports.
average = merged.average()
print(average)

# %%
# Nor does the best model stay the best. In tables drawn anew from a population of the size that it
# gives, the search mostly ends at another one, often in the other cloud.
redone = merged.bootstrap(replicates=200, rng=1)
kept = redone.models.loc[redone.models["selected"], "share"].sum()
print(
    f"The search finds another model in {100 * (1 - kept):.0f} % of 200 tables; redoing it, 95 % "
    f"limits run from {redone.low:,.0f} to {redone.high:,.0f}."
)

# %%
# Another criterion does not settle it either. AIC asks for less proof of an interaction and finds
# one cloud, near 11,000, if only pairs may interact; if three lists may interact as well, it finds
# three. The models of the third make overlaps impossible that merely happened to be empty.
for order in (2, 4):
    row = model_search(five, max_order=order).disagreement().set_index(["criterion", "counted"])
    modes = row.loc[("aic", "all"), ["modes", "shares"]]
    words = [f"{m:,.0f} ({100 * s:.0f} %)" for m, s in zip(*modes, strict=True)]
    print(f"AIC, interactions of up to {order} lists: {', '.join(words)}")

# %%
# What may be said: 2,744 people were known. If lists interact in pairs only, there were four to
# nine times as many, and where in that range turns on which pairs are thought to interact, and even
# on whether two offices count as one list; if three lists may interact, it may be twice as many.
# That the people on no list follow the same model as those on some is an assumption that no count
# can test.
one, two = search.table["estimate"][0], merged.table["estimate"][0]
print(
    f"The best model of six lists says {one:,.0f} people; once two of the lists are called one, "
    f"the best says {two:,.0f}. The published 10,000 to 13,000 is the answer of some models; "
    f"others, which fit about as well, say {average.modes['mode'][0]:,.0f}. A range that holds "
    f"what the models disagree about runs from {average.low:,.0f} to {average.high:,.0f}."
)
