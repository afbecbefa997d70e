"""Pure numerics on float arrays: numpy and scipy.special only, one file per idea.

Nothing here knows labels, results or wording. Functions take equal-shaped float64 arrays that have
been checked already and return arrays of the same shape. Each file that offers a choice of methods
holds a ``METHODS`` table, the only list of its method names.
"""
