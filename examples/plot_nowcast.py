"""
The last months are not all in yet
==================================

Lines, referrals and closings are entered after the fact. A chart of what is in the system today
bends down at its right end, whatever happened. How much of the bend is delay?
"""

# %%
# A SYNTHETIC register, made for this page: 60 lines a month on average, no change at all over two
# years, entered up to eight months late. No agency publishes its delays.
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import countylines as cl

rng = np.random.default_rng(7)
months = pd.period_range("2022-01", "2023-12", freq="M")
share = [0.3, 0.2, 0.15, 0.1, 0.1, 0.08, 0.05, 0.02]
lines = pd.DataFrame({"month": np.repeat(months, rng.poisson(60, len(months)))})
late = pd.to_timedelta(30.4 * rng.choice(8, len(lines), p=share), unit="D")
lines["seen"] = lines["month"].dt.start_time + pd.to_timedelta(rng.integers(0, 28, len(lines)), "D")
lines["entered"] = (lines["seen"] + late).dt.normalize()
final = lines.groupby("month").size()

today = pd.Timestamp("2023-12-31")
known = lines[lines["entered"] <= today]

# %%
# Records that are entered late are seen only if they are early enough. The delays of those that are
# in, read backward in time, say what share of each month should be in by now.
now = cl.prevalence.nowcast(
    known, occurred="seen", reported="entered", observed_until=today, max_delay=8
)
now[["reported", "completeness", "estimate", "low", "high"]].tail(6).round(2)

# %%
recent = now.iloc[-10:]
place = np.arange(len(recent))
fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
ax.bar(place, recent["reported"], color="0.8", label="entered by 31 December")
spread = [recent["estimate"] - recent["low"], recent["high"] - recent["estimate"]]
ax.errorbar(
    place, recent["estimate"], yerr=spread, fmt="o", color="tab:blue", label="nowcast, 95 %"
)
ax.plot(place, final.reindex(recent.index), "_", color="black", markersize=14, label="in the end")
ax.set_xticks(place, labels=[str(month) for month in recent.index], rotation=45)
ax.set_ylim(0, 115)
ax.set_ylabel("lines, SYNTHETIC")
ax.legend(frameon=False, fontsize="small", loc="upper left", ncols=3)

# %%
last = now.iloc[-1]
print(
    f"Entered for December: {last['reported']:.0f}. To be expected in the end: "
    f"{last['estimate']:.0f} ({last['low']:.0f} to {last['high']:.0f}); it became "
    f"{final.iloc[-1]}. The fall on the chart is delay."
)

# %%
# Published figures can also come down. Referrals to the National Referral Mechanism were revised in
# later bulletins, as duplicates were found: the same arithmetic, with factors below one.
vintages = cl.datasets.load_nrm_referral_vintages()
quarters = vintages[vintages["reference_period"].str.contains("Q")]
order = quarters.groupby("reference_period").cumcount()
table = quarters.assign(publication=order + 1).pivot_table(
    index="reference_period", columns="publication", values="all_referrals"
)[[1, 2, 3]]
revised = cl.prevalence.nowcast(table, method="chain-ladder")
factors = revised.attrs["factors"]
quarter = revised.loc["2024Q3"]
print(
    f"From one publication to the next referrals change by {1000 * (factors[0] - 1):+.1f} and "
    f"{1000 * (factors[1] - 1):+.1f} in a thousand. The {quarter['reported']:,.0f} first printed "
    f"for the third quarter of 2024 will come to about {quarter['estimate']:,.0f} "
    f"({quarter['low']:,.0f} to {quarter['high']:,.0f}): no reason to wait."
)
