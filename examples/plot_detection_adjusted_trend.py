"""
Better detection, or more local? A register whose truth is known
================================================================

Recorded lines are lines times detection. When both change, the records alone cannot say which did.
This page makes a **SYNTHETIC** register in which the truth is known, lets detection of internal
lines double, and asks what each kind of further knowledge can recover. Nothing here is a figure
about the world.
"""

import matplotlib.pyplot as plt
import pandas as pd

import countylines as cl

Detection = cl.localisation.Detection
lines = cl.simulate.register(audited=400, rng=20241126)
lines.attrs["synthetic"]


# %%
# What a reader of the records sees, and what is true.
def by_year(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.groupby(["year", "type"]).size().unstack()


recorded = by_year(lines[lines["recorded"]])
recorded

# %%
pd.DataFrame(lines.attrs["truth"]).T

# %%
# Internal lines more than tripled in the records, and the odds that a line is internal rose nearly
# fourfold. In truth they rose twofold.
#
# Four inputs. An audit looked up 400 lines of each type and year in the register. Effort, in
# officers, is known for the whole force and not by type. The register itself says how often each
# line was detected. And there is opinion.
audit = lines[lines["audited"]]
seen = lines[lines["recorded"]]
inputs = {
    "audit by type": Detection.audit(by_year(audit[audit["recorded"]]), by_year(audit)),
    "effort in all": Detection.effort([1.0, 1.8]),
    "repeat detections": Detection.repeat_detections(
        by_year(seen), seen.groupby(["year", "type"])["detections"].sum().unstack()
    ),
    "opinion": Detection.prior(
        {"internal": [0.1, 0.3], "external": [0.5, 0.5]},
        {"internal": [0.4, 0.8], "external": [0.9, 0.9]},
    ),
}
trend = cl.localisation.detection_adjusted_trend(
    recorded["internal"], recorded["external"], detection=inputs
)
quantity = trend.table.index[0][0]
rows = trend.table.loc[quantity]
rows[["status", "estimate", "low", "high", "pvalue"]].round(3)

# %%
# Effort known only in all *cancels*: it says how many lines there are, and nothing about which
# type. The other three each adjust the odds ratio, under an assumption of their own.
for note in trend.notes:
    print("-", note)

# %%
# The forest of it. The dashed line is the truth, which no analyst of real records would have.
truth = lines.attrs["truth"]["2023/24"]["odds_ratio"]
shown = rows[rows["status"] != "cancels"]
result = cl.Estimate(
    quantity="odds ratio of internal lines, 2023/24 against 2022/23",
    estimate=shown["estimate"],
    low=shown["low"],
    high=shown["high"],
    method="detection-adjusted trend",
    null=1.0,
)
_, ax = plt.subplots(figsize=(7, 3), layout="constrained")
result.plot(ax=ax)
ax.axvline(truth, color="tab:red", linestyle="--", linewidth=1)
ax.annotate(
    "truth (SYNTHETIC)",
    (truth, 1.0),
    xycoords=("data", "axes fraction"),
    xytext=(3, -10),
    textcoords="offset points",
    color="tab:red",
    fontsize=8,
)

# %%
# Without any input the square of all that is possible is left. The counts choose no point in it.
counts = [int(recorded.loc[y, t]) for y in recorded.index for t in ("internal", "external")]
_, contour = plt.subplots(figsize=(6, 5.4), layout="constrained")
cl.plotting.detection_contour(*counts, external_detection=(0.70, 0.75), ax=contour)
contour.plot([0.25], [0.50], "o", color="tab:red")
contour.annotate(
    "truth (SYNTHETIC)",
    (0.25, 0.50),
    xytext=(6, 0),
    textcoords="offset points",
    color="tab:red",
    fontsize=8,
)

# %%
row = rows.loc["audit by type"]
print(
    f"Recorded, the odds rose {rows.loc['recorded', 'estimate']:.1f}-fold. An audit of 400 lines "
    f"of each type and year leaves {row['estimate']:.1f} ({row['low']:.1f} to {row['high']:.1f}); "
    f"the truth is {truth:.1f}. Without it the verdict is that nothing identifies the trend."
)
