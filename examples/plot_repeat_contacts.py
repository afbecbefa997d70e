"""
What do repeat contacts say about those never seen?
===================================================

Chao's lower bound from how often people were met, and what becomes of it if some of them could not
be met again.
"""

# %%
# People without papers in four Dutch cities in 1995 whom the police met and could not expel, by how
# often they were met (van der Heijden and others 2003, *Statistical Modelling* 3, 305-322). That so
# few were met twice speaks for many who were never met.
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import countylines as cl

seen = pd.Series({1: 1645, 2: 183, 3: 37, 4: 13, 5: 1, 6: 1})
bound = cl.capture_recapture.chao_lower_bound(seen, alternative="greater")
print(f"{bound.n_observed:,} met; at least {bound.low:,.0f} in all, if all could be met again")

# %%
# The bound allows for people who differ in how readily they are met. It does not allow for people
# who are gone after the first time, and all were asked to leave. Suppose that a share of those met
# once did: they count as one each, and the others make the bound.
shares = np.linspace(0.0, 0.6, 13)
gone = np.round(shares * seen[1]).astype(int)
table = pd.DataFrame({g: seen.where(seen.index != 1, seen[1] - g) for g in gone})
stayed = cl.capture_recapture.chao_lower_bound(table)
total, low, high = (part.to_numpy() + gone for part in (stayed.estimate, stayed.low, stayed.high))

fig, (left, right) = plt.subplots(
    1, 2, figsize=(8.5, 3.6), layout="constrained", width_ratios=[1, 1.6]
)
left.bar(seen.index, seen, color="#1f5a8a")
for times, people in seen.items():
    left.annotate(f"{people:,}", (times, people), ha="center", va="bottom", fontsize="small")
left.set_xticks(seen.index)
left.set_xlabel("times met")
left.set_ylabel("people")
left.margins(y=0.12)
right.fill_between(100 * shares, low, high, color="#1f5a8a", alpha=0.2, linewidth=0)
right.plot(100 * shares, total, color="#1f5a8a")
right.axhline(bound.n_observed, color="0.4", linestyle=":", linewidth=1)
right.annotate(
    f"{bound.n_observed:,} met", (60, bound.n_observed), ha="right", va="bottom", fontsize="small"
)
right.set_ylim(bottom=0)
right.set_xlabel("% of those met once who then left (supposed)")
right.set_title("at least so many in all, with 95 % interval", fontsize="small", loc="left")
for ax in (left, right):
    ax.yaxis.set_major_formatter("{x:,.0f}")
    ax.spines[["top", "right"]].set_visible(False)

# %%
# No count says which share it was: that is for those who know what becomes of people after they are
# met. Models of how people differ say nothing of it, and disagree among themselves.
for heterogeneity in ("chao", "darroch", "gamma"):
    fit = cl.capture_recapture.closed_population(
        seen, model="Mh", heterogeneity=heterogeneity, occasions=np.inf
    )
    print(f"{heterogeneity:8} {fit.estimate:7,.0f}   AIC {fit.aic:.1f}")

# %%
half = int(np.flatnonzero(np.isclose(shares, 0.5))[0])
print(
    f"If nobody left there were at least {total[0]:,.0f} people; if half of those met once did, "
    f"the same counts vouch for {total[half]:,.0f}."
)
