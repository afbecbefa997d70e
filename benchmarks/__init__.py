"""Timings: countylines beside the Python package that comes nearest, in one run.

``python -m benchmarks`` runs them all and prints one table a group. A benchmark is a pytest test
in ``benchmarks/test_<room>.py`` that

- carries ``@pytest.mark.benchmark(group="<what is computed, on how much>")``;
- is called ``test_<what>_<who>``, where who is ``ours`` or the name of the peer;
- draws its data from ``numpy.random.default_rng(0)``, the same for ours and for the peer;
- asserts that the answers of a pair agree, outside the timed part.
"""
