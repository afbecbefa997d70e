"""
The model matters more than the interval
========================================

Three lists of Korean women held in sexual slavery by the Japanese military in Palembang. How many
were on none of them depends on how the lists depend on each other, and the lists show that only in
part.
"""

import itertools
import warnings

import matplotlib.pyplot as plt
import pandas as pd

import countylines as cl

table = cl.datasets.load_mse("korea")
lists = table.attrs["lists"]
histories = cl.CaptureHistories.from_table(table, lists=lists)
print(table.attrs["citation"])
histories.overlaps()

# %%
# Every model in which some pairs of lists depend on each other, by the Bayesian information
# criterion. The warnings say which estimates do not exist; so do the verdicts.
warnings.simplefilter("ignore", cl.errors.DegenerateDataWarning)
pairs = ["*".join(pair) for pair in itertools.combinations(lists, 2)]
fits = {}
for n_pairs in range(len(pairs) + 1):
    for chosen in itertools.combinations(pairs, n_pairs):
        alone = [name for name in lists if not any(name in pair.split("*") for pair in chosen)]
        model = " + ".join([*chosen, *alone])
        fits[model] = cl.capture_recapture.loglinear(histories, model)

compared = pd.DataFrame(
    {name: [fit.bic, fit.estimate, fit.low, fit.high] for name, fit in fits.items()},
    index=["BIC", "estimate", "low", "high"],
).T.sort_values("BIC")
compared["verdict"] = [fits[name].verdict.code for name in compared.index]
compared.round(1)

# %%
# The first four are within five units of BIC: nothing to choose between them. An arrow is an end
# without limit.
close = {name: fits[name] for name in compared.index[:4]}

fig, ax = plt.subplots(figsize=(7, 3), layout="constrained")
cl.plotting.forest(close, ax=ax)
ax.axvline(histories.n_observed, color="0.4", linestyle=":", linewidth=1)
ax.set_xlim(0, 800)

# %%
first, second = list(close.values())[:2]
print(
    f"{histories.n_observed:,.0f} women were on at least one list. The two best models say "
    f"{first.estimate:,.0f} and {second.estimate:,.0f} in all, the next two that no number can be "
    "given: quoting one interval would hide that."
)
