"""
The model matters more than the interval
========================================

Three lists of Korean women held in sexual slavery by the Japanese military in Palembang. How many
were on none of them depends on how the lists depend on each other, and the lists show that only in
part.
"""

import warnings

import matplotlib.pyplot as plt

import countylines as cl

table = cl.datasets.load_mse("korea")
histories = cl.CaptureHistories.from_table(table, lists=table.attrs["lists"])
print(table.attrs["citation"])
histories.overlaps()

# %%
# Every hierarchical model, by the Bayesian information criterion. The warnings say which estimates
# do not exist; so does the last column.
warnings.simplefilter("ignore", cl.errors.CountyLinesWarning)
search = cl.capture_recapture.model_search(histories, criterion="bic")
models = search.table.sort_values("bic", ignore_index=True)
models[["model", "bic", "estimate", "code"]].round(1)

# %%
# The first four are within five units of BIC: little to choose between them. An arrow is an end
# without limit, the dotted line the number on the lists.
close = {name: cl.capture_recapture.loglinear(histories, name) for name in models["model"][:4]}

fig, ax = plt.subplots(figsize=(7, 3), layout="constrained")
cl.plotting.forest(close, ax=ax)
ax.set_xlim(0, 440)
ax.axvline(histories.n_observed, color="0.4", linestyle=":", linewidth=1)

# %%
first, second = models["estimate"][:2]
print(
    f"{histories.n_observed:,.0f} women were on at least one list. The two best models say "
    f"{first:,.0f} and {second:,.0f} in all, the next two that no number can be given: quoting one "
    "interval would hide that."
)
