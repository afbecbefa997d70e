"""
Large forces look local: SYNTHETIC lines on a map
=================================================

No lines by origin and destination are published, so these are SYNTHETIC: drawn at random between
the real force areas, where people are near, with no preference for home but in one force. A map of
what was drawn makes London look local. Held against what size and distance make by themselves, only
the force with a true preference stands out.
"""

import matplotlib.pyplot as plt
import numpy as np

import countylines as cl

places = cl.datasets.load_police_force_centroids().set_index("force").drop(index="London, City of")
pairs = cl.datasets.load_police_force_pairs().set_index(["force_a", "force_b"])
distance = pairs["distance_km_popweighted"]
people = cl.datasets.load_police_force_population().query("age_band == 'all'")
people = people.set_index("force")["population"].loc[places.index]
within = cl.localisation.intrazonal_distance(places["area_km2_approx"])
forces = list(places.index)

# %%
# SYNTHETIC lines: half start in four exporting forces; they thin out by 2 % a kilometre; and in
# Humberside five times as many stay as that would give.

exporters = ["Metropolitan Police", "Merseyside", "West Midlands", "Greater Manchester"]
sent = 3000 * people / people.sum() / 2
sent[exporters] += 3000 / 8
reach = np.diag(within.to_numpy())
for i, first in enumerate(forces):
    for j, second in enumerate(forces):
        if i != j:
            pair = (first, second) if (first, second) in distance.index else (second, first)
            reach[i, j] = distance[pair]
weight = people.to_numpy() * np.exp(-0.02 * reach)
home = forces.index("Humberside")
weight[home, home] *= 5
share = weight / weight.sum(axis=1, keepdims=True)
rng = np.random.default_rng(24)
drawn = np.array([rng.multinomial(round(n), p) for n, p in zip(sent, share, strict=True)])
flows = cl.localisation.LineFlows(drawn, areas=forces)

# %%

expected = cl.localisation.expected_internal_share(
    flows, distance, population=people, intrazonal=within, rng=1
)
fig, ax = plt.subplots(figsize=(6.4, 7.2), layout="constrained")
where = places[["lon_popweighted", "lat_popweighted"]]
cl.plotting.flow_map(flows, where, least=8, ax=ax)
ax.annotate(
    "Humberside",
    where.loc["Humberside"],
    xytext=(8, -4),
    textcoords="offset points",
    fontsize="small",
    color="#b5482f",
)
ax.set_title("SYNTHETIC. " + ax.get_title(loc="left"), loc="left", fontsize="small")

london, humber = expected.loc["Metropolitan Police"], expected.loc["Humberside"]
print(
    f"SYNTHETIC: {london['observed']:.0%} of London's lines stay there, {london['expected']:.0%} "
    f"expected; {humber['observed']:.0%} of Humberside's, {humber['expected']:.0%} expected, which "
    f"is {humber['ratio']:.1f} times as many ({humber['ratio_low']:.1f} to "
    f"{humber['ratio_high']:.1f}). The two shares are alike; that of London is "
    "size, that of Humberside a preference for home."
)
