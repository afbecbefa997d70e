"""
What choosing a model costs
===========================

Estimates of a hidden population are often published with the interval of one model, chosen because
it fitted best. Other tables from the same population would have chosen other models. The bootstrap
here redraws the five lists on which potential victims of modern slavery in the United Kingdom were
known in 2013, and repeats the choice in each replicate.
"""

# %%
import matplotlib.pyplot as plt
import numpy as np

import countylines as cl

people = cl.datasets.load_mse("uk_2013_5")
lists = [name for name in people.columns if name != "n"]
table = cl.CaptureHistories.from_table(people, lists=lists)

one = cl.capture_recapture.stepwise(table, interval="lognormal")
step = cl.capture_recapture.stepwise(table, rng=1)
search = cl.capture_recapture.model_search(table, max_order=2)
best = search.bootstrap(rng=1)

# %%
# Each histogram shows the estimates of 1,000 replicates, each from the model chosen in it.
fig, axes = plt.subplots(2, 1, figsize=(7, 5), sharex=True, layout="constrained")
bins = np.arange(6_000, 46_001, 1_000)
for ax, result, rule in zip(
    axes, (step, best), ("stepwise, p below 0.02", "best BIC"), strict=True
):
    ax.hist(result.draws.ravel(), bins=bins, color="0.75")
    ax.axvline(result.estimate, color="C3", label=f"estimate {result.estimate:,.0f}")
    ax.plot([result.low, result.high], [4, 4], color="C0", linewidth=3, label="choice repeated")
    ax.set_title(f"{rule}: {len(result.models)} models chosen", fontsize="medium", loc="left")
    ax.set_ylabel("replicates of 1,000")
axes[0].plot([one.low, one.high], [14, 14], color="C1", linewidth=3, label="model taken as given")
axes[0].legend(frameon=False)
axes[1].legend(frameon=False)
axes[1].xaxis.set_major_formatter("{x:,.0f}")
axes[1].set_xlabel("estimated number of victims, seen and hidden")

# %%
print(best.models[["share", "median"]].head(4).round({"share": 2, "median": -2}).to_string())

# %%
print(
    f"With the stepwise model taken as given the interval is {one.low:,.0f} to {one.high:,.0f}; "
    f"with the choice repeated it is {step.low:,.0f} to {step.high:,.0f}. The best model by BIC "
    f"says {best.estimate:,.0f}, and with the choice repeated {best.low:,.0f} to {best.high:,.0f}: "
    "the two rules disagree on the number, and hardly on how little the lists say of it."
)
