"""
How long does a line live?
==========================

A register that starts with the lines open on one day holds too many long-lived ones: a line that
lasts twice as long is twice as likely to be open on the day. **Every line here is SYNTHETIC**, so
that the truth is known: lives have a mean of 60 days. No published table has the dates that this
needs.
"""

import warnings

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import countylines as cl

warnings.simplefilter("ignore", cl.errors.CountyLinesWarning)  # the notes of results say as much

# %%
# SYNTHETIC lines open at a steady rate, six a day, and last 60 days on average. On the day of the
# first audit those that are open are found; each is then watched until it closes, or for 90 days.
rng = np.random.default_rng(2)
mean, shape = 60.0, 1.3
opened = -rng.uniform(0, 1500, 9000)
life = mean / 0.9236 * rng.weibull(shape, opened.size)  # 0.9236 is the gamma function at 1 + 1/1.3
found = opened + life > 0
register = pd.DataFrame(
    {
        "age at the audit": -opened[found],
        "age when last seen": np.minimum(life[found], 90 - opened[found]),
        "closed": life[found] <= 90 - opened[found],
    }
)
print(
    f"SYNTHETIC: {len(register)} lines were open on the day, of {opened.size:,} that ever opened."
)

# %%
# Two readings of the same register. The first takes each line as if it had been watched from its
# opening. The second says from which age on it was watched, by ``entry``: a line that had closed
# before would not be in the register.
columns = {"exit": "age when last seen", "event": "closed"}
naive = cl.prevalence.survival(register, **columns)
honest = cl.prevalence.survival(register, entry="age at the audit", **columns)

days = np.linspace(0, 240, 200)
fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
cl.plotting.survival(honest, ax=ax)
ax.step(naive.estimate.index, naive.estimate, where="post", color="#b5541c", linewidth=1.6)
ax.plot(days, np.exp(-((days * 0.9236 / mean) ** shape)), color="0.2", linestyle="--", linewidth=1)
ax.set_xlim(0, 240)
ax.set_title("SYNTHETIC lines: share that lasts longer", loc="left", fontsize="medium")
ax.text(105, 0.60, "delayed entry ignored", color="#b5541c")
ax.text(60, 0.08, "delayed entry\ntaken into account", color="#1f5a8a", ha="right")
ax.text(8, 0.32, "dashed:\nthe truth", color="0.2")

# %%
# The mean up to 200 days, where the truth is 59.
limit = 200
for name, lives in {"ignored": naive, "taken into account": honest}.items():
    found = lives.mean(limit)
    print(f"delayed entry {name}: {found.estimate:.0f} ({found.low:.0f} to {found.high:.0f}) days")

# %%
# A law of lives uses every age; the mean needs no limit.
law = cl.prevalence.survival(register, entry="age at the audit", model="weibull", **columns)
fitted = law.mean()

# %%
# Where the whole lives of all that were open are known, their harmonic mean undoes the bias too.
whole = cl.prevalence.length_biased_mean(life[opened + life > 0])

# %%
print(
    f"SYNTHETIC lines of a mean life of {mean:.0f} days: read without delayed entry, the register "
    f"says {naive.mean(limit).estimate:.0f} days up to 200; with it a Weibull law says "
    f"{fitted.estimate:.0f} ({fitted.low:.0f} to {fitted.high:.0f}), and the harmonic mean of "
    f"whole lives {whole.estimate:.0f} ({whole.low:.0f} to {whole.high:.0f})."
)
