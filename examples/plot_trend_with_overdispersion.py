"""
A trend by chance alone, with what forces add, and with forces kept together
============================================================================

Of the children whom police forces in the United Kingdom referred to the National Referral
Mechanism, most were referred for criminal exploitation, the nearest published thing to county
lines. Over seven quarters that share fell. Is the fall larger than chance makes, and whose chance?
"""

# %%
import matplotlib.pyplot as plt
import numpy as np
from scipy.special import expit, logit

import countylines as cl

table = cl.datasets.load_nrm_criminal_exploitation_force()
count, total = table["child_criminal_any"], table["child_all_types"]
quarter, names = table["quarter"].factorize(sort=True)
by_quarter = table.groupby("quarter")[["child_criminal_any", "child_all_types"]].sum()
share = cl.prevalence.proportion(by_quarter["child_criminal_any"], by_quarter["child_all_types"])
by_quarter.assign(share=share.estimate.round(3))

# %%
# One slope of the log odds, by four accounts of how counts vary. By chance alone each child is a
# draw of its own. A quasi-likelihood multiplies that variance by what the cells show. With forces
# as clusters, whatever a force does in one quarter may go with what it does in all others.

data = {"time": quarter}
forces = {"cluster": table["responder"]}
trend = cl.localisation.trend_regression
fits = {
    "binomial: chance alone": trend(count, total, **data, family="binomial"),
    "quasi-binomial: cells vary": trend(count, total, **data),
    "clusters: forces vary (CR2)": trend(count, total, **data, **forces),
    "clusters: signs of forces": trend(count, total, **data, **forces, interval="sign-flip", rng=1),
}
for name, fit in fits.items():
    print(f"{name:28} {fit.estimate:.3f} ({fit.low:.3f} to {fit.high:.3f}), p = {fit.pvalue:.3f}")

# %%
# The same estimate each time, and limits that are wider with each thing that is allowed for.

fig, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
place = np.arange(len(names))
left.vlines(place, share.low, share.high, color="#c9d6e2", linewidth=4)
left.plot(place, share.estimate, "o", color="#1f5a8a")
chance = fits["binomial: chance alone"]  # drawn through the overall share
overall = logit(by_quarter["child_criminal_any"].sum() / by_quarter["child_all_types"].sum())
weight = by_quarter["child_all_types"] / by_quarter["child_all_types"].sum()
middle = float(weight @ place)
line = expit(overall + np.log(chance.estimate) * (place - middle))
left.plot(place, line, color="#8a8f94", linewidth=1.5)
left.set_xticks(place, labels=[name.replace("Q", "\nQ") for name in names])
left.set_ylim(0.6, 0.9)
left.set_ylabel("share referred for criminal exploitation")

for row, fit in enumerate(fits.values()):
    colour = "#1f5a8a" if fit.high < 1 else "#b5651d"
    right.hlines(row, fit.low, fit.high, color=colour, linewidth=3)
    right.plot(fit.estimate, row, "o", color=colour)
    right.text(1.022, row, f"p = {fit.pvalue:.3f}", va="center", fontsize="small")
right.axvline(1.0, color="#8a8f94", linewidth=1)
right.set_xlim(0.87, 1.05)
right.set_yticks(range(len(fits)), labels=[name.replace(": ", ":\n") for name in fits])
right.set_ylim(len(fits) - 0.5, -0.5)
right.set_xlabel("odds ratio a quarter, 95 % limits")
for ax in (left, right):
    ax.spines[["top", "right"]].set_visible(False)

# %%
quasi, clustered = fits["quasi-binomial: cells vary"], fits["clusters: forces vary (CR2)"]
print(
    f"By chance alone the odds fall by {100 * (1 - chance.estimate):.0f} % a quarter and p is "
    f"{chance.pvalue:.3f}. Counts of a force and quarter vary {quasi.dispersion:.1f} times as much "
    f"as chance has them, which takes p to {quasi.pvalue:.3f}; and with the {clustered.clusters} "
    f"responders that referred any child kept together it is {clustered.pvalue:.3f}, with limits "
    f"from {clustered.low:.2f} to {clustered.high:.2f}: no fall is established. Which children are "
    "referred, and as what, is decided by forces, so that even a sure fall would be "
    "one of referrals and not of exploitation."
)
