"""
How many did two lists both miss?
=================================

Five intervals for the same two lists, with a large overlap and with a small one.
"""

# %%
# Two of the lists behind the 2013 estimate of victims of modern slavery in the United Kingdom: 567
# people known to non-governmental organisations, 1,169 to the police, 68 to both. The second case
# is made up: shorter lists that share five people.
import warnings

import matplotlib.pyplot as plt

import countylines as cl

# The warning about few people on both lists is also a note, printed below.
warnings.simplefilter("ignore", cl.errors.SparseDataWarning)
cases = {"published: 567, 1,169, both 68": (567, 1169, 68), "made up: 40, 60, both 5": (40, 60, 5)}
methods = ["logit", "profile", "lognormal", "normal", "bootstrap"]

fig, axes = plt.subplots(2, 1, figsize=(7, 5.5), layout="constrained")
for ax, (title, lists) in zip(axes, cases.items(), strict=True):
    results = {
        method: cl.capture_recapture.lincoln_petersen(*lists, method=method, rng=1)
        for method in methods
    }
    cl.plotting.forest(results, ax=ax)
    counted = results["logit"].n_observed
    ax.axvline(counted, color="0.4", linestyle=":", linewidth=1)
    ax.set_xlim(left=0)
    ax.xaxis.set_major_formatter("{x:,.0f}")
    ax.set_title(f"{title}; dotted: {counted:,.0f} counted", fontsize="small", loc="left")

# %%
# With many people on both lists the five agree. With five they do not: the symmetric "normal"
# interval reaches too low and not high enough, because the number missed is far from symmetric.
few = cl.capture_recapture.lincoln_petersen(40, 60, 5)
for note in few.notes:
    print(note)

# %%
print(
    f"With five people on both lists the total may be anything from {few.low:,.0f} to "
    f"{few.high:,.0f}, and that only if the lists are independent."
)
