"""
How often does an interval hold the truth?
==========================================

An interval at level 0.95 should hold the true share in 95 of 100 data sets like this one. For
counts out of 20 that can be computed exactly, by adding up the probability of each outcome whose
interval holds the truth.
"""

# %%
import warnings

import matplotlib.pyplot as plt
import numpy as np
from scipy.special import gammaln, xlog1py, xlogy

import countylines as cl

total = 20
count = np.arange(total + 1)
truth = np.linspace(0.005, 0.5, 991)
log_ways = gammaln(total + 1) - gammaln(count + 1) - gammaln(total - count + 1)
outcome = np.exp(log_ways + xlogy(count, truth[:, None]) + xlog1py(total - count, -truth[:, None]))


def chances(method):
    """Probability that the interval holds the truth, lies above it, and lies below it."""
    with warnings.catch_warnings():
        # "wald" warns that it is poor here, which is what this example shows.
        warnings.simplefilter("ignore", cl.errors.CountyLinesWarning)
        share = cl.prevalence.proportion(count, np.full_like(count, total), method=method)
    above = (outcome * (truth[:, None] < share.low)).sum(axis=1)
    below = (outcome * (truth[:, None] > share.high)).sum(axis=1)
    return 1 - above - below, above, below


# %%
methods = ["mid-p", "skew-score", "wilson", "clopper-pearson", "jeffreys", "wald"]
fig, axes = plt.subplots(3, 2, figsize=(7, 6.5), sharex=True, sharey=True, layout="constrained")
means = {}
for ax, method in zip(axes.flat, methods, strict=True):
    holds, above, below = chances(method)
    means[method] = holds.mean(), above.mean(), below.mean()
    ax.plot(truth, holds, linewidth=0.8)
    ax.axhline(0.95, color="0.4", linestyle="--", linewidth=1)
    ax.set_title(method, fontsize="medium", loc="left")
    ax.set_ylim(0.8, 1.005)
fig.supxlabel("true share")
fig.supylabel("probability that the 95 % interval holds it (20 cases)")

# %%
# Averaged over true shares from 0.005 to 0.5. A balanced interval errs as often on one side as on
# the other, so that each of its ends can be read by itself.
print(f"{'':<16}{'holds':>8}{'too high':>10}{'too low':>9}")
for method, (holds, above, below) in means.items():
    print(f"{method:<16}{holds:>8.3f}{above:>10.3f}{below:>9.3f}")

# %%
print(
    f"With 20 cases, the Wald interval holds the truth {100 * means['wald'][0]:.0f} times in 100 "
    "on average and far less often for rare things; the mid-P interval "
    f"{100 * means['mid-p'][0]:.0f} times."
)
