"""
A share of returns, with seven intervals
========================================

In 2017, 38 of 43 police forces returned evidence of county lines activity. What does that say of
the share of forces, and how much does the method of the interval matter?
"""

import matplotlib.pyplot as plt

import countylines as cl

forces = cl.prevalence.proportion(38, 43)
forces

# %%
# The 43 forces are all there are, so nothing was sampled. The interval describes the process: had
# each force been as likely to see and return evidence as the next, how else could the count have
# turned out?

methods = ["mid-p", "wilson", "skew-score", "clopper-pearson", "blaker", "jeffreys", "profile"]
results = {name: cl.prevalence.proportion(38, 43, method=name) for name in methods}
fig, ax = plt.subplots(figsize=(7, 3.2), layout="constrained")
cl.plotting.forest(results, ax=ax)

# %%
# The methods agree to two percentage points. None of them knows that the forces without evidence
# may not have looked: the reading "88 % of forces have county lines" needs that, and the returns
# cannot supply it.

print(f"{forces.low:.0%} to {forces.high:.0%} of forces, as far as chance is concerned.")
