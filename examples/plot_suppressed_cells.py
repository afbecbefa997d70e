"""
What "fewer than five" costs
============================

Agencies hide small counts. The small counts are the overlaps, and the overlaps are what the hidden
number is estimated from. As long as the model holds, the other cells tell most of what was hidden;
what the release leaves possible is far wider.
"""

import warnings

import matplotlib.pyplot as plt

import countylines as cl

people = cl.datasets.load_mse("uk_2013_5")
exact = cl.CaptureHistories.from_table(people, lists=people.attrs["lists"])
print(people.attrs["citation"])
exact

# %%
# The same table as an agency might have released it: every count of 1 to 4 hidden, and said to be
# so; or hidden together with the patterns that nobody showed, as "fewer than 5".
counts = {pattern: exact.cells().get(pattern, 0) for pattern in (f"{c:05b}" for c in range(1, 32))}
released = {
    "all counts": exact,
    "1 to 4 hidden": {p: (1, 4) if 0 < n < 5 else n for p, n in counts.items()},
    "0 to 4 hidden": {p: (0, 4) if n < 5 else n for p, n in counts.items()},
}
tables = {
    name: cells
    if name == "all counts"
    else cl.CaptureHistories.from_cells(cells, lists=exact.lists)
    for name, cells in released.items()
}

# %%
# Two models. The likelihood is that of what is known: nothing is filled in for a hidden count.
warnings.simplefilter("ignore", cl.errors.CountyLinesWarning)
models = {
    "lists independent": "independence",
    "three pairs depend": "LA*NG + LA*PFNCA + NG*PFNCA + GO + GP",
}
results = {
    (model, name): cl.capture_recapture.loglinear(table, formula)
    for model, formula in models.items()
    for name, table in tables.items()
}
for (model, name), result in results.items():
    print(f"{model:20} {name:14} {result.verdict.code:16} {result.estimate:8,.0f}")

# %%
# Lines are 95 % profile limits. Pale bars run over the estimates of all whole tables that the
# release leaves possible: bounds, not likely values.
fig, ax = plt.subplots(figsize=(7, 3.4), layout="constrained")
labels = [f"{model}\n{name}" for model, name in results]
for row, result in enumerate(results.values()):
    if result.region_low is not None:
        region = [result.region_low, result.region_high]
        ax.plot(region, [row, row], color="0.85", linewidth=9, solid_capstyle="butt")
    ax.plot([result.low, result.high], [row, row], color="C0")
    ax.plot(result.estimate, row, "o", color="C0")
ax.set_yticks(range(len(labels)), labels, fontsize="small")
ax.invert_yaxis()
ax.set_xlim(left=0)
ax.xaxis.set_major_formatter("{x:,.0f}")
ax.set_xlabel("people, seen and hidden")

# %%
known = results["three pairs depend", "all counts"]
hidden = results["three pairs depend", "0 to 4 hidden"]
print(
    f"With every count this model says {known.estimate:,.0f} ({known.low:,.0f} to "
    f"{known.high:,.0f}). With counts below five hidden it says {hidden.estimate:,.0f} "
    f"({hidden.low:,.0f} to {hidden.high:,.0f}), and the tables that the release leaves possible "
    f"give anything from {hidden.region_low:,.0f} to {hidden.region_high:,.0f}."
)
