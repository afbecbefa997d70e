"""Replicates that do not depend on how the work was split, and limits that drop nothing."""

from __future__ import annotations

import math
import pickle
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from countylines import resampling, testing
from countylines._progress import reporter
from countylines.errors import InputError, InputTypeError

DATA = np.array([3.0, 8, 1, 0, 4, 4, 12])


def two_part_draw(generator, size):
    """A draw that takes its numbers in two goes, so that splitting a block would change it."""
    first = generator.normal(size=(size, 3))
    return first + generator.poisson(2, size=(size, 1))


def mean(data):
    return np.asarray(data).mean(axis=-1)


def backwards(function, *arguments):
    """Like map, but the last block is worked first."""
    jobs = list(zip(*arguments, strict=True))
    return [function(*job) for job in reversed(jobs)][::-1]


class TestReplicate:
    @pytest.mark.parametrize("batch", [1, 7, 100, 1023, 1024, 1025, 9999])
    def test_the_batch_makes_no_difference(self, batch):
        whole = resampling.replicate(two_part_draw, mean, replicates=2500, rng=3)
        parts = resampling.replicate(two_part_draw, mean, replicates=2500, rng=3, batch=batch)
        np.testing.assert_array_equal(parts, whole)

    def test_a_batch_is_the_most_that_the_statistic_sees(self):
        seen = []

        def statistic(data):
            seen.append(len(data))
            return mean(data)

        resampling.replicate(two_part_draw, statistic, replicates=1100, rng=1, batch=500)
        assert seen == [500, 500, 24, 76]

    def test_the_order_of_the_blocks_makes_no_difference(self):
        whole = resampling.replicate(two_part_draw, mean, replicates=5000, rng=3)
        other = resampling.replicate(two_part_draw, mean, replicates=5000, rng=3, map=backwards)
        np.testing.assert_array_equal(other, whole)

    @pytest.mark.parametrize("pool", [ThreadPoolExecutor, ProcessPoolExecutor])
    @pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
    def test_workers_make_no_difference(self, pool):
        draw = resampling.resampled_rows(DATA.size)
        whole = resampling.replicate(draw, mean, replicates=3000, rng=3)
        with pool(2) as workers:
            other = resampling.replicate(draw, mean, replicates=3000, rng=3, map=workers.map)
        np.testing.assert_array_equal(other, whole)

    def test_a_block_has_a_generator_of_its_own(self):
        blocks = np.random.default_rng(7).spawn(3)
        sizes = (1024, 1024, 52)
        expected = [b.normal(size=n) for b, n in zip(blocks, sizes, strict=True)]
        found = resampling.replicate(lambda g, n: g.normal(size=n), replicates=2100, rng=7)
        np.testing.assert_array_equal(found, np.concatenate(expected))

    def test_there_are_1024_replicates_in_a_block(self):
        sizes = []

        def draw(generator, size):
            sizes.append(size)
            return np.zeros(size)

        resampling.replicate(draw, replicates=2049, rng=1)
        assert sizes == [1024, 1024, 1]
        assert resampling.BLOCK == 1024

    def test_more_replicates_begin_with_the_same_full_blocks(self):
        few = resampling.replicate(two_part_draw, mean, replicates=2048, rng=3)
        many = resampling.replicate(two_part_draw, mean, replicates=4000, rng=3)
        np.testing.assert_array_equal(many[:2048], few)

    def test_blocks_differ(self):
        found = resampling.replicate(lambda g, n: g.random(n), replicates=4096, rng=3)
        assert np.unique(found).size == 4096

    def test_a_seed_repeats_and_a_generator_moves_on(self):
        def run(rng):
            return resampling.replicate(two_part_draw, mean, replicates=10, rng=rng)

        np.testing.assert_array_equal(run(1), run(1))
        np.testing.assert_array_equal(run(np.random.default_rng(1)), run(1))
        np.testing.assert_array_equal(run(np.random.SeedSequence(1)), run(1))
        rng = np.random.default_rng(1)
        assert not np.array_equal(run(rng), run(rng))
        assert not np.array_equal(run(None), run(None))

    def test_the_global_state_is_left_alone(self):
        before = np.random.get_state()  # noqa: NPY002
        resampling.replicate(two_part_draw, mean, replicates=10)
        after = np.random.get_state()  # noqa: NPY002
        assert pickle.dumps(before) == pickle.dumps(after)

    def test_several_numbers_a_replicate(self):
        found = resampling.replicate(two_part_draw, lambda d: d[:, :2], replicates=1500, rng=1)
        assert found.shape == (1500, 2)
        assert resampling.replicate(two_part_draw, replicates=1500, rng=1).shape == (1500, 3)

    def test_data_sets_may_be_a_list_or_a_frame(self):
        def tables(generator, size):
            return [pd.Series(row) for row in generator.normal(size=(size, 4))]

        plain = resampling.replicate(lambda g, n: g.normal(size=(n, 4)), mean, replicates=50, rng=1)
        found = resampling.replicate(
            tables, lambda many: [one.mean() for one in many], replicates=50, rng=1, batch=7
        )
        np.testing.assert_allclose(found, plain)

    def test_infinite_and_undefined_replicates_are_handed_on(self):
        odd = np.array([1.0, np.inf, np.nan])
        found = resampling.replicate(lambda g, n: odd[:n], replicates=3, rng=1)
        np.testing.assert_array_equal(found, odd)

    @pytest.mark.parametrize(
        ("draw", "statistic", "message"),
        [
            (
                lambda g, n: np.zeros(n + 1),
                None,
                "`draw` must be a function that returns one row for each of 5 data sets, got 6 "
                "rows.",
            ),
            (
                lambda g, n: np.zeros((n, 2)),
                lambda data: data.mean(),
                "`statistic` must be a function that returns one row for each of 5 data sets, got "
                "1 rows.",
            ),
        ],
        ids=["draw", "statistic"],
    )
    def test_the_wrong_number_of_rows(self, draw, statistic, message):
        with pytest.raises(InputError) as raised:
            resampling.replicate(draw, statistic, replicates=5, rng=1)
        assert str(raised.value) == message

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"replicates": 0}, "`replicates` must be a whole number of at least 1, got 0."),
            ({"replicates": 5, "batch": 0}, "`batch` must be a whole number of at least 1, got 0."),
            ({"replicates": 5, "rng": "1"}, "`rng` must be a numpy Generator"),
            ({"replicates": 5, "progress": "yes"}, "`progress` must be True, False or a function"),
        ],
        ids=range(4),
    )
    def test_bad_options(self, options, message):
        with pytest.raises(InputError) as raised:
            resampling.replicate(two_part_draw, **options)
        assert message in str(raised.value)

    def test_a_generator_without_a_seed_sequence(self):
        class Seeds(np.random.bit_generator.ISeedSequence):
            def generate_state(self, n_words, dtype=np.uint32):
                return np.arange(n_words, dtype=dtype)

        rng = np.random.Generator(np.random.PCG64(Seeds()))
        with pytest.raises(InputTypeError) as raised:
            resampling.replicate(two_part_draw, replicates=5, rng=rng)
        assert str(raised.value) == (
            "`rng` must be a generator that can spawn others, got one without a seed sequence. "
            "Use rng=numpy.random.default_rng(1)."
        )


class TestRows:
    def test_resampled_rows_come_with_replacement(self):
        rows = resampling.replicate(resampling.resampled_rows(5), replicates=4000, rng=1)
        assert rows.shape == (4000, 5)
        assert stats.chisquare(np.bincount(rows.astype(int).ravel())).pvalue > 1e-4
        distinct = [np.unique(row).size for row in rows]
        assert np.mean(distinct) == pytest.approx(5 * (1 - 0.8**5), abs=0.05)

    def test_permuted_rows_come_once_each_in_every_order(self):
        rows = resampling.replicate(resampling.permuted_rows(3), replicates=6000, rng=1)
        assert (np.sort(rows, axis=1) == np.arange(3)).all()
        _, counts = np.unique(rows, axis=0, return_counts=True)
        assert counts.size == 6
        assert stats.chisquare(counts).pvalue > 1e-4

    def test_lengths(self):
        for rows in (resampling.resampled_rows, resampling.permuted_rows):
            with pytest.raises(InputError, match="`length` must be a whole number of at least 1"):
                rows(0)


class TestProgress:
    def test_a_function_hears_of_every_block(self):
        heard = []
        resampling.replicate(
            two_part_draw,
            replicates=2500,
            rng=1,
            progress=lambda done, total: heard.append((done, total)),
        )
        assert heard == [(1024, 2500), (2048, 2500), (2500, 2500)]

    def test_true_writes_one_line_to_standard_error(self, capsys):
        resampling.replicate(two_part_draw, replicates=2500, rng=1, progress=True)
        out, err = capsys.readouterr()
        assert out == ""
        assert err == (
            "\r1,024 of 2,500 replicates\r2,048 of 2,500 replicates\r2,500 of 2,500 replicates\n"
        )

    def test_false_is_silent(self, capsys):
        resampling.replicate(two_part_draw, replicates=2500, rng=1, progress=False)
        assert capsys.readouterr() == ("", "")

    def test_it_makes_no_difference(self):
        quiet = resampling.replicate(two_part_draw, replicates=50, rng=1)
        loud = resampling.replicate(two_part_draw, replicates=50, rng=1, progress=lambda *_: None)
        np.testing.assert_array_equal(quiet, loud)

    @pytest.mark.parametrize("progress", [None, 1, "yes", [True]])
    def test_anything_else(self, progress):
        with pytest.raises(InputTypeError) as raised:
            reporter(progress)
        assert str(raised.value) == (
            f"`progress` must be True, False or a function of (done, total), got {progress!r}."
        )


class TestInterval:
    values = np.random.default_rng(1).gamma(4.0, size=999)

    def test_percentile_limits_are_quantiles_of_type_8(self):
        found = resampling.interval(self.values, 4.0, level=0.9)
        expected = np.quantile(self.values, [0.05, 0.95], method="median_unbiased")
        np.testing.assert_allclose(found[:2], expected, rtol=1e-12)
        assert (found.notes, found.references) == ((), ())

    def test_basic_limits_are_mirrored_at_the_estimate(self):
        low, high, *_ = resampling.interval(self.values, 4.0, level=0.9)
        found = resampling.interval(self.values, 4.0, level=0.9, kind="basic")
        np.testing.assert_allclose(found[:2], [8 - high, 8 - low], rtol=1e-12)

    def test_bca_limits_are_scipys(self):
        indexes = resampling.resampled_rows(DATA.size)
        means = resampling.replicate(
            indexes, lambda i: DATA[i].mean(axis=1), replicates=4000, rng=5
        )
        left_out = [np.delete(DATA, i).mean() for i in range(DATA.size)]
        found = resampling.interval(means, DATA.mean(), kind="bca", jackknife=left_out)
        theirs = stats.bootstrap(
            (DATA,),
            np.mean,
            n_resamples=0,
            bootstrap_result=type("Given", (), {"bootstrap_distribution": means})(),
            method="BCa",
        ).confidence_interval
        assert found.low == pytest.approx(theirs.low, abs=0.02)
        assert found.high == pytest.approx(theirs.high, abs=0.02)
        assert found.references == ("efron1987",)

    def test_bca_without_corrections_is_the_percentile_interval(self):
        even = np.linspace(0, 1, 999)
        one = resampling.interval(even, 0.5, kind="bca", jackknife=[1.0, 1.0])
        two = resampling.interval(even, 0.5)
        np.testing.assert_allclose(one[:2], two[:2], rtol=1e-9)

    def test_jackknife_weights_stand_for_observations_that_are_alike(self):
        alike = resampling.interval(
            self.values, 3.5, kind="bca", jackknife=[3.0, 4, 6], jackknife_weights=[5, 3, 1]
        )
        apart = resampling.interval(
            self.values, 3.5, kind="bca", jackknife=[3.0] * 5 + [4.0] * 3 + [6.0]
        )
        np.testing.assert_allclose(alike[:2], apart[:2], rtol=1e-12)

    @pytest.mark.parametrize("kind", ["percentile", "basic", "bca"])
    def test_one_side(self, kind):
        options = {"kind": kind, "jackknife": [3.0, 4, 6]}
        both = resampling.interval(self.values, 3.5, level=0.9, **options)
        more = resampling.interval(self.values, 3.5, level=0.95, alternative="greater", **options)
        less = resampling.interval(self.values, 3.5, level=0.95, alternative="less", **options)
        assert more.low == pytest.approx(both.low, rel=1e-12)
        assert less.high == pytest.approx(both.high, rel=1e-12)
        assert (more.high, less.low) == (math.inf, -math.inf)

    def test_infinite_replicates_stay_infinite(self):
        values = np.append(self.values, np.full(60, math.inf))
        found = resampling.interval(values, 4.0)
        assert found.high == math.inf
        assert 0 < found.low < 4
        assert [note.text for note in found.notes] == [
            "60 of 1,059 replicates were infinite and stay so in the quantiles."
        ]
        assert resampling.interval(values, 4.0, kind="basic").low == -math.inf
        corrected = resampling.interval(values, 4.0, kind="bca", jackknife=[3.0, 4, 6])
        assert corrected.high == math.inf

    def test_a_few_infinite_replicates_leave_the_limits_finite(self):
        values = np.append(self.values, [math.inf] * 5)
        found = resampling.interval(values, 4.0)
        dropped = resampling.interval(self.values, 4.0)
        assert dropped.high < found.high < math.inf

    def test_undefined_replicates_are_refused(self):
        values = np.append(self.values, [math.nan] * 3)
        for kind in ("percentile", "basic", "bca"):
            with pytest.raises(InputError) as raised:
                resampling.interval(values, 4.0, kind=kind, jackknife=[3.0, 4, 6])
            assert str(raised.value) == (
                "`values` must be free of nan, got 3 undefined of 1,002 replicates. Find out why "
                "they are, or pass undefined='widen', which counts each as beyond both limits; to "
                "leave them out would make the interval too short."
            )

    def test_undefined_replicates_may_widen(self):
        values = np.append(self.values, [math.nan] * 10)
        found = resampling.interval(values, 4.0, undefined="widen")
        low = np.append(self.values, [-math.inf] * 10)
        high = np.append(self.values, [math.inf] * 10)
        assert found.low == pytest.approx(np.quantile(low, 0.025, method="median_unbiased"))
        assert found.high == pytest.approx(np.quantile(high, 0.975, method="median_unbiased"))
        assert [note.text for note in found.notes] == [
            "10 of 1,009 replicates had no estimate; each is beyond both limits."
        ]
        many = np.append(self.values, [math.nan] * 100)
        assert resampling.interval(many, 4.0, undefined="widen")[:2] == (-math.inf, math.inf)

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"kind": "bca"}, "`jackknife` must be given with kind='bca', got None."),
            (
                {"kind": "bca", "jackknife": [1.0, math.inf]},
                "`jackknife` must be finite, got inf (1 of 2 values).",
            ),
            (
                {"kind": "bca", "jackknife": [1.0, 2.0], "jackknife_weights": [1.0]},
                "`jackknife_weights` must be of the length of `jackknife`, 2, got 1.",
            ),
            (
                {"kind": "bca", "jackknife": [1.0, 2.0], "jackknife_weights": [1.0, -1.0]},
                "`jackknife_weights` must be finite and at least 0, got -1 (1 of 2 values).",
            ),
            (
                {"kind": "bca", "jackknife": [1.0, 2.0], "estimate": 99.0},
                "`estimate` must be inside the range of the replicates with kind='bca', got 99.",
            ),
            ({"kind": "studentised"}, "`kind` must be one of 'percentile', 'basic', 'bca', got"),
            ({"level": 95}, "It looks like a percentage: use level=0.95."),
            ({"alternative": "up"}, "`alternative` must be one of"),
            ({"undefined": "drop"}, "`undefined` must be one of 'raise', 'widen', got 'drop'."),
            ({"values": []}, "`values` must be non-empty, got no values."),
            ({"values": [[1.0]]}, "`values` must be one-dimensional, got an array of shape (1, 1)"),
            ({"values": ["a"]}, "`values` must be numeric, got text"),
            ({"estimate": "a"}, "`estimate` must be a single number"),
        ],
        ids=range(13),
    )
    def test_bad_input(self, changes, message):
        given_values = {"values": self.values, "estimate": 4.0} | changes
        with pytest.raises(InputError) as raised:
            resampling.interval(**given_values)
        assert message in str(raised.value)

    @given(
        st.lists(st.integers(0, 50), min_size=2, max_size=60),
        st.sampled_from(["percentile", "basic"]),
    )
    def test_shifting_and_stretching(self, values, kind):
        array = np.array(values, dtype=float)
        low, high, *_ = resampling.interval(array, 20.0, kind=kind)
        moved = resampling.interval(3 * array + 7, 67.0, kind=kind)
        np.testing.assert_allclose(moved[:2], [3 * low + 7, 3 * high + 7], atol=1e-9)
        turned = resampling.interval(-array, -20.0, kind=kind)
        np.testing.assert_allclose(turned[:2], [-high, -low], atol=1e-9)
        assert low <= high

    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("kind", "band"), [("percentile", (0.87, 0.95)), ("bca", (0.89, 0.96))]
    )
    def test_coverage_of_the_mean_of_skewed_data(self, kind, band):
        rng = np.random.default_rng(2)
        rows = resampling.resampled_rows(30)
        lows, highs = [], []
        for _ in range(1000):
            data = rng.exponential(size=30)
            means = resampling.replicate(
                rows, lambda i, data=data: data[i].mean(axis=1), replicates=1024, rng=rng
            )
            left_out = (data.sum() - data) / 29
            found = resampling.interval(means, data.mean(), kind=kind, jackknife=left_out)
            lows.append(found.low)
            highs.append(found.high)
        testing.assert_covers(lows, highs, 1.0, at_least=band[0], at_most=band[1])


class TestPermutation:
    def test_the_data_count_as_one_of_the_orders(self):
        values = np.zeros(99)
        assert resampling.permutation_pvalue(values, 5.0, alternative="greater") == 0.01
        assert resampling.permutation_pvalue(values, 5.0) == 0.02
        assert resampling.permutation_pvalue(values, 5.0, alternative="less") == 1.0
        assert resampling.permutation_pvalue(values, 0.0) == 1.0

    def test_equal_but_for_rounding(self):
        values = [0.3, 0.1 + 0.2, 0.2, 0.1]
        assert resampling.permutation_pvalue(values, 0.3, alternative="greater") == 3 / 5
        assert resampling.permutation_pvalue(values, 0.1 + 0.2, alternative="greater") == 3 / 5

    def test_infinite_statistics(self):
        values = [1.0, math.inf, 2.0]
        assert resampling.permutation_pvalue(values, math.inf, alternative="greater") == 0.5
        assert resampling.permutation_pvalue(values, 1.5, alternative="less") == 0.5

    def test_undefined_statistics_are_refused(self):
        with pytest.raises(InputError, match="got 1 undefined of 2 replicates"):
            resampling.permutation_pvalue([1.0, math.nan], 1.0)

    def test_it_nears_the_exact_test(self):
        group, rest = np.array([7.0, 9, 12]), np.array([1.0, 2, 4, 8])
        data = np.concatenate([group, rest])
        sums = resampling.replicate(
            resampling.permuted_rows(7),
            lambda i: data[i][:, :3].sum(axis=1),
            replicates=20000,
            rng=1,
        )
        found = resampling.permutation_pvalue(sums, group.sum(), alternative="greater")
        exact = stats.permutation_test(
            (group, rest), lambda x, y: np.sum(x), alternative="greater"
        ).pvalue
        assert found == pytest.approx(exact, abs=0.004)

    def test_it_errs_no_more_often_than_its_level(self):
        rng = np.random.default_rng(4)
        p = [
            resampling.permutation_pvalue(rng.normal(size=19), rng.normal(), alternative="greater")
            for _ in range(4000)
        ]
        for level in (0.05, 0.1, 0.5):
            assert stats.binomtest(int(np.sum(np.array(p) <= level)), 4000, level).pvalue > 1e-4
