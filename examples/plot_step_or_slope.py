"""
A step, a slope, or no telling? Eleven quarters of referrals
============================================================

Referrals to the National Referral Mechanism by quarter, from 2022 to the third quarter of 2024. Did
they rise steadily, or change at once, as when something about referring or recording changes?
"""

# %%
import matplotlib.pyplot as plt
import numpy as np

import countylines as cl

# Each quarter as it was last published: figures are revised from bulletin to bulletin.
vintages = cl.datasets.load_nrm_referral_vintages()
quarterly = vintages[vintages["reference_period"].str.contains("Q")]
referrals = (
    quarterly.sort_values("publication_vintage").groupby("reference_period")["all_referrals"].last()
)
referrals

# %%
# A test for counts that are Poisson finds a change beyond doubt; one that uses ranks finds none.
poisson = cl.localisation.change_point(referrals, method="poisson", rng=1)
ranks = cl.localisation.change_point(referrals, method="pettitt", rng=1)
print(f"Poisson: p = {poisson.pvalue:.4f}; ranks: p = {ranks.pvalue:.2f}")

# %%
# The reason is in the scatter. A straight line leaves residuals whose variance is many times that
# of Poisson counts: referrals come in clusters, and quarters differ for reasons of their own.
bent = cl.localisation.joinpoint(referrals, rng=1)
print(f"variance over that of Poisson counts: {bent.selection['dispersion'][0]:.0f}")
print(f"one joinpoint against none: p = {bent.tests['pvalue'][0]:.2f}")
print(f"change: {bent.estimate:.1f} % a quarter ({bent.low:.1f} to {bent.high:.1f})")

# %%
# Told apart with that scatter allowed for, and every place of a step tried in the simulations:
shape = cl.localisation.step_or_slope(referrals, rng=1)
print(shape.sentence)
shape.table.round(3)

# %%
quarters = np.arange(len(referrals))
after = quarters > shape.table["time"]["step and slope"]
fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
ax.plot(quarters, referrals, "o", color="0.2")
ax.plot(quarters, bent.fitted["fitted"], color="tab:blue", label="one slope")
design = np.column_stack([np.ones(len(quarters)), quarters, after])
both = np.exp(design @ np.linalg.lstsq(design, np.log(referrals.to_numpy(float)))[0])
for side in (~after, after):
    label = "step and slope" if side is after else None
    ax.plot(quarters[side], both[side], "--", color="tab:orange", label=label)
ax.set_xticks(quarters, labels=[q.replace("Q", "\nQ") for q in referrals.index])
ax.set_ylim(0, 5500)
ax.set_ylabel("referrals in the quarter")
ax.legend(frameon=False, loc="lower right")

# %%
p = shape.table["pvalue"]
print(
    f"Neither a slope alone (p = {p['slope']:.3f}) nor a step alone (p = {p['step']:.3f}) explains "
    "these eleven quarters: referrals rise before and after a fall between the first and second "
    f"quarters of 2023. The same series has no trend by one slope ({bent.low:.1f} to "
    f"{bent.high:.1f} % a quarter) and no step by ranks. It has a shape, and no method here says "
    "what made it."
)
