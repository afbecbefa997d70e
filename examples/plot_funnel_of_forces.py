"""
Which forces stand out? A funnel of real counts
===============================================

How many children did each police force refer as criminally exploited in 2023, per head of the
children who live there, and which forces differ by more than chance?
"""

import matplotlib.pyplot as plt

import countylines as cl

referrals = cl.datasets.load_nrm_criminal_exploitation_force()
year = referrals[referrals["quarter"].str.startswith("2023")]
force = year["force"].fillna(year["responder"])
count = year.groupby(force)["child_criminal_any"].sum()
people = cl.datasets.load_police_force_population().query("age_band == '10-17'")
children = people.set_index("force")["population"]

# %%
# The British Transport Police has no residents, and the City of London has 279 of that age, none of
# whom its referrals need be about. Both are left out of rates, by name; their counts stay in
# totals.

nobody = ["London, City of", "British Transport Police"]
count = count[[*children.index, "British Transport Police"]]
children = children.reindex(count.index)
rates = cl.prevalence.rate(count, children, per=100_000, leave_out=nobody)
rates.to_frame().sort_values("estimate").head(3)

# %%
# A league table would put Gwent first and Durham, with two referrals, last. The funnel asks
# instead what chance alone does to forces of each size. Within the inner limits a force cannot be
# told from the average; one in 500 would lie outside the outer ones.

fig, ax = plt.subplots(figsize=(8, 4.6), layout="constrained")
cl.plotting.funnel(count, children, per=100_000, leave_out=nobody, log=True, ax=ax)
ax.set_xlabel("residents aged 10 to 17")
ax.set_ylabel("children referred in 2023 per 100,000")

# %%
# Twelve of 42 forces are outside, so the model behind the limits, one rate for all and chance, is
# wrong: forces differ as a rule, and recording is the first thing to ask about. If the limits are
# stretched by as much as forces differ anyway, none stands out.

limits = {
    name: cl.prevalence.funnel_limits(
        children,
        count=count,
        per=100_000,
        level=0.998,
        overdispersion=name,
        leave_out=nobody,
    )
    for name in (None, "additive")
}
outside = {
    name: int(((rates.estimate < found.low) | (rates.estimate > found.high)).sum())
    for name, found in limits.items()
}

fig, ax = plt.subplots(figsize=(8, 4.6), layout="constrained")
cl.plotting.funnel(
    count, children, per=100_000, leave_out=nobody, log=True, overdispersion="additive", ax=ax
)
ax.set_xlabel("residents aged 10 to 17")
ax.set_ylabel("children referred in 2023 per 100,000")

print(
    f"By chance alone {outside[None]} of 42 forces stand out; held against how much forces differ "
    f"anyway, {outside['additive']}. These counts cannot say whether exploitation differs or the "
    "practice of referring does."
)
