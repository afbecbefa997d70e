"""
Do neighbouring forces resemble one another?
============================================

Small forces have few referrals, so their rates say little by themselves. A map can lend them
strength from their neighbours, if neighbours have something in common. The counts say whether they
do.
"""

import matplotlib.pyplot as plt

import countylines as cl

referrals = cl.datasets.load_nrm_criminal_exploitation_force().dropna(subset=["force"])
count = referrals.groupby("force")["child_criminal_any"].sum()
people = cl.datasets.load_police_force_population().query("age_band == '10-17'")
years = people.set_index("force")["population"].loc[count.index] * 1.75
city = "London, City of"
options = {"leave_out": [city], "per": 100_000}

# %%
# Which forces share a border. The City of London has hardly any residents and no rate of its own.

places = cl.datasets.load_police_force_centroids().set_index("ons_code")
pairs = cl.datasets.load_police_force_pairs().query("adjacent")
borders = [
    (places["force"][first], places["force"][second])
    for first, second in zip(pairs["ons_code_a"], pairs["ons_code_b"], strict=True)
    if city not in (places["force"][first], places["force"][second])
]
print(f"{count.size - 1} forces, {len(borders)} borders between them.")

# %%
# Each rate drawn towards all others, and towards its neighbours as far as the counts ask for it.

alone = cl.prevalence.shrunken_rate(count, years, **options)
mapped = cl.prevalence.shrunken_rate(count, years, method="spatial", adjacency=borders, **options)
kept = count.index.drop(city)
moved = (mapped.estimate - alone.estimate)[kept]
widths = [(r.high - r.low)[kept] for r in (mapped, alone)]
change = (widths[0] / widths[1] - 1).median()

# %%

where = places.set_index("force").loc[kept]
fig, ax = plt.subplots(figsize=(6.2, 6.6), layout="constrained")
for first, second in borders:
    ends = where.loc[[first, second]]
    ax.plot(ends["lon_centroid"], ends["lat_centroid"], color="#c9d6e2", linewidth=1, zorder=1)
dots = ax.scatter(
    where["lon_centroid"],
    where["lat_centroid"],
    c=mapped.estimate[kept],
    s=70,
    cmap="cividis_r",
    edgecolor="#333333",
    linewidth=0.5,
    zorder=2,
)
for force in ("Gwent", "North Yorkshire", "Essex", "Northumbria", "Devon & Cornwall"):
    ax.annotate(
        force,
        (where["lon_centroid"][force], where["lat_centroid"][force]),
        xytext=(7, 5),
        textcoords="offset points",
        fontsize="small",
    )
ax.set_aspect(1.7)
ax.set_axis_off()
fig.colorbar(dots, ax=ax, shrink=0.6, label="referrals per 100,000 aged 10 to 17 and year")

print(
    f"Neighbours move no rate by more than {moved.abs().max():.1f} per 100,000 (that of "
    f"{moved.abs().idxmax()}), and intervals change in width by {100 * change:+.0f} %: the forces "
    "with the highest rates lie apart, next to forces with ordinary ones. Differences in recording "
    "stop at a border like that; what spreads across borders would show in neighbours too."
)
