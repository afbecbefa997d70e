"""Results in words: every number readable, every string harmless in every markup."""

from __future__ import annotations

import dataclasses
import html
import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from results import KINDS, a_test, estimate, population

import countylines as cl
from countylines import _render
from countylines.errors import InputError
from countylines.results import OK, Note, Verdict

HOSTILE = (
    "<script>alert('x')</script> | & % $ # _a_ {b} ~ ^ \\ `c` *d* [e](http://f) \"g\" "
    "<img src=x onerror=y>\n- h\r\n\n## i"
)
FORMATS = ("text", "markdown", "html", "latex")


def hostile(make):
    """Results with the hostile string wherever a string can come from outside."""
    index = pd.Index([HOSTILE, "[0, 10)"], name=HOSTILE)
    note = (Note("x", HOSTILE),)
    if make is a_test:
        two = pd.Series([0.1, 0.2], index=index)
        same = {"null_hypothesis": HOSTILE, "method": HOSTILE, "notes": note}
        effect = estimate(quantity=HOSTILE)
        return [a_test(effect=effect, **same), a_test(pvalue=two, statistic=two, n=None, **same)]
    two = pd.Series([0.25, 0.5], index=index)
    many = {"estimate": two, "low": two, "high": two, "pvalue": two, "n": two, "verdict": OK}
    same = {"quantity": HOSTILE, "unit": HOSTILE, "method": HOSTILE, "notes": note}
    verdict = Verdict(False, HOSTILE, (HOSTILE,))
    return [make(verdict=verdict, **same), make(**(many | same))]


class TestNumbers:
    @pytest.mark.parametrize(
        ("value", "shown"),
        [
            (0.25, "0.25"),
            (1 / 3, "0.3333"),
            (1234.5, "1,234"),
            (1235.5, "1,236"),
            (999.94, "999.9"),
            (999.97, "1,000"),
            (1000, "1,000"),
            (1e6, "1,000,000"),
            (1e15, "1e+15"),
            (1e300, "1e+300"),
            (-1234567, "-1,234,567"),
            (0, "0"),
            (-0.0, "0"),
            (1e-4, "0.0001"),
            (0.00012345, "0.0001234"),
            (9.87654e-5, "9.88e-05"),
            (1e-300, "1e-300"),
            (np.inf, "infinity"),
            (-np.inf, "-infinity"),
            (np.nan, "undefined"),
            (None, "not given"),
            (np.int64(7), "7"),
            (np.float32(0.5), "0.5"),
        ],
        ids=range(23),
    )
    def test_numbers(self, value, shown):
        assert _render.number(value) == shown

    @pytest.mark.parametrize(
        ("value", "shown"),
        [
            (0.04321, "0.04321"),
            (1.0, "1"),
            (0.0, "0"),
            (5e-5, "5e-05"),
            (1.234e-300, "1.2e-300"),
            (np.nan, "undefined"),
            (None, "undefined"),
        ],
        ids=range(7),
    )
    def test_p_values(self, value, shown):
        assert _render.pvalue(value) == shown

    @pytest.mark.parametrize(
        ("level", "shown"), [(0.95, "95 %"), (0.29, "29 %"), (0.9973, "99.73 %"), (0.999, "99.9 %")]
    )
    def test_levels(self, level, shown):
        assert _render.percent(level) == shown

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({}, "95 % confidence interval"),
            ({"alternative": "greater"}, "95 % one-sided confidence interval from below"),
            ({"alternative": "less"}, "95 % one-sided confidence interval from above"),
            ({"interval_kind": "credible", "level": 0.8}, "80 % credible interval"),
            ({"interval_kind": "prediction"}, "95 % prediction interval"),
            ({"interval_kind": "identification", "level": None}, "identified range"),
            ({"interval_kind": "identification"}, "95 % identified range"),
        ],
        ids=range(7),
    )
    def test_what_the_interval_is_called(self, changes, words):
        assert _render.interval_words(estimate(**changes)) == words
        assert words in estimate(**changes).summary()


class TestOneLine:
    def test_an_estimate(self):
        assert repr(estimate()) == (
            "<Estimate proportion: 0.25 (0.1 to 0.5, 95 % confidence interval)>"
        )

    def test_an_estimate_that_does_not_exist(self):
        result = population(
            estimate=np.inf,
            high=np.inf,
            verdict=Verdict(False, "hidden-infinite", ("No overlap.",)),
        )
        assert repr(result) == (
            "<PopulationEstimate population size: infinity (105 to infinity, 95 % confidence "
            "interval), hidden-infinite>"
        )

    @pytest.mark.parametrize(
        ("kind", "shape"), [("array", "2"), ("frame", "2 x 1"), ("cube", "1 x 2 x 1")]
    )
    def test_many(self, kind, shape):
        assert repr(estimate(kind)) == (
            f"<Estimate proportion: {shape} estimates, 95 % confidence interval>"
        )
        assert repr(a_test(kind)) == f"<TestResult {shape} p-values: The trend is flat.>"

    def test_a_test(self):
        assert repr(a_test()) == "<TestResult p = 0.0124: The trend is flat.>"
        assert repr(a_test(pvalue=3e-9)) == "<TestResult p = 3e-09: The trend is flat.>"

    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("make", [estimate, population, a_test])
    def test_it_is_one_line(self, make, kind):
        assert "\n" not in repr(make(kind))


class TestText:
    def test_an_estimate_in_full(self):
        assert str(estimate(unit="share", interval_method="wilson")) == (
            "Proportion [share]\n"
            "  estimate                  0.25\n"
            "  95 % confidence interval  0.1 to 0.5\n"
            "  standard error            0.1\n"
            "  null hypothesis           The proportion is 0.5.\n"
            "  p-value                   1e-05\n"
            "  n                         8\n"
            "  method                    mid-p; interval: wilson\n"
            "  note: The total is 0 in 1 of 2 places."
        )

    def test_a_population_in_full(self):
        assert str(population()) == (
            "Population size\n"
            "  estimate                  120\n"
            "  95 % confidence interval  105 to 150\n"
            "  hidden                    20 (5 to 50)\n"
            "  observed                  100\n"
            "  method                    lincoln-petersen\n"
            "  model                     independence of two lists"
        )

    def test_many_in_full(self):
        assert str(estimate("series")) == (
            "Proportion\n"
            "  region  estimate   low  high  p-value  n  verdict\n"
            "  North   0.25       0.1  0.5   1e-05    8  ok\n"
            "  South   undefined  0    1     1        0  no-data\n"
            "  interval         95 % confidence interval\n"
            "  null hypothesis  The proportion is 0.5.\n"
            "  method           mid-p\n"
            "  note: The total is 0 in 1 of 2 places."
        )

    def test_a_test_in_full(self):
        assert str(a_test()) == (
            "Test\n"
            "  null hypothesis  The trend is flat.\n"
            "  alternative      two-sided\n"
            "  statistic        2.5\n"
            "  p-value          0.0124\n"
            "  proportion       0.25 (0.1 to 0.5)\n"
            "  method           exact\n"
            "  n                8\n"
            "  note: There are ties."
        )

    def test_a_verdict_says_why(self):
        verdict = Verdict(False, "hidden-infinite", ("No one is on both lists.",))
        text = str(population(estimate=np.inf, high=np.inf, verdict=verdict))
        assert "  estimate                  infinity\n" in text
        assert "not estimable (hidden-infinite): No one is on both lists.\n" in text
        boundary = Verdict(True, "boundary-finite", ("A cell is 0.",))
        assert "boundary-finite: A cell is 0." in str(population(verdict=boundary))

    def test_an_identified_range(self):
        text = str(estimate(region_low=0.2, region_high=0.3))
        assert "identified range          0.2 to 0.3" in text
        many = estimate("array", region_low=np.array([0.2, 0.0]), region_high=np.array([0.3, 1.0]))
        assert "identified from  identified to" in str(many)

    def test_many_nulls(self):
        text = str(estimate("array", null=np.array([0.5, 0.6])))
        assert "The proportion is the given value, element by element." in text

    @pytest.mark.parametrize("count", [30, 31, 1000])
    def test_long_tables_are_cut(self, count):
        many = np.linspace(0, 1, count)
        for text in (
            str(estimate(estimate=many, low=many, high=many, pvalue=many, n=many, verdict=OK)),
            str(a_test(pvalue=many, statistic=many, n=None)),
        ):
            assert ("... 970 more" in text) == (count == 1000)
            assert ("... 1 more" in text) == (count == 31)
            assert len(text.splitlines()) < 45

    def test_columns_named_like_labels(self):
        two = pd.Series([0.25, 0.5], index=pd.Index(["a", "b"], name="low"))
        text = str(estimate(estimate=two, low=two, high=two, pvalue=None, n=None, verdict=OK))
        assert text.splitlines()[1].split() == ["label_low", "estimate", "low", "high"]


def balanced(text):
    """The tags of HTML as a tree closes them, and the text between them."""

    class Reader(HTMLParser):
        def __init__(self):
            super().__init__(convert_charrefs=True)
            self.open, self.tags, self.words = [], set(), []

        def handle_starttag(self, tag, attrs):
            self.open.append(tag)
            self.tags.add(tag)

        def handle_endtag(self, tag):
            assert self.open.pop() == tag

        def handle_data(self, data):
            self.words.append(data)

    reader = Reader()
    reader.feed(text)
    reader.close()
    assert reader.open == []
    return reader.tags, " ".join(reader.words)


OWN_TAGS = {"div", "p", "strong", "table", "thead", "tbody", "tr", "th", "td", "ul", "li"}


class TestMarkups:
    @pytest.mark.parametrize("format", FORMATS)
    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("make", [estimate, population, a_test])
    def test_every_kind_in_every_markup(self, make, kind, format):
        text = make(kind).summary(format)
        assert isinstance(text, str)
        assert ("120" if make is population else "0.25" if make is estimate else "0.0124") in text
        if kind in ("series", "multi", "frame", "dataarray", "cube"):
            assert "North" in text
            assert "South" in text

    @pytest.mark.parametrize("make", [estimate, a_test])
    def test_an_unknown_markup(self, make):
        with pytest.raises(InputError) as raised:
            make().summary("htlm")
        assert str(raised.value) == (
            "`format` must be one of 'text', 'markdown', 'html', 'latex', got 'htlm'. "
            "Did you mean 'html'?"
        )

    @pytest.mark.parametrize("make", [estimate, population, a_test])
    def test_html_holds_no_foreign_tag(self, make):
        for result in hostile(make):
            tags, words = balanced(result.summary("html"))
            assert tags <= OWN_TAGS
            assert "<script>alert('x')</script>" in words
            assert result._repr_html_() == result.summary("html")

    def test_html_is_a_table_with_row_headers(self):
        text = estimate("series").summary("html")
        assert text.count("<tr>") == 2 + 1 + 3
        assert '<th scope="row">method</th><td>mid-p</td>' in text
        assert text.startswith('<div class="countylines-result">')

    @pytest.mark.parametrize("make", [estimate, population, a_test])
    def test_markdown_holds_no_foreign_markup(self, make):
        MarkdownIt = pytest.importorskip("markdown_it").MarkdownIt
        for result in hostile(make):
            page = (
                MarkdownIt("commonmark", {"html": True})
                .enable("table")
                .render(result.summary("markdown"))
            )
            tags, words = balanced(page)
            assert tags <= OWN_TAGS
            assert "<script>alert('x')</script> | & % $ # _a_ {b}" in " ".join(words.split())

    @pytest.mark.parametrize("make", [estimate, population, a_test])
    def test_markdown_rows_have_one_cell_for_each_column(self, make):
        for result in hostile(make):
            rows = [r for r in result.summary("markdown").splitlines() if r.startswith("|")]
            counts = {len(re.findall(r"(?<!\\)\|", row)) for row in rows}
            assert len(rows) > 3
            assert all(re.fullmatch(r"\| .* \|", row) for row in rows)
            assert counts <= {3, 4, 6, 7, 8}

    @pytest.mark.parametrize("make", [estimate, population, a_test])
    def test_latex_holds_no_foreign_command(self, make):
        known = {
            *("paragraph", "begin", "end", "hline", "item", "textbackslash", "textasciitilde"),
            *("textasciicircum", "textless", "textgreater", "textbar"),
        }
        for result in hostile(make):
            text = result.summary("latex")
            assert set(re.findall(r"\\([a-zA-Z]+)", text)) <= known
            bare = re.sub(r"\\(?:[&%$#_{}]|\\$|[a-zA-Z]+(?:\{\})?)", "", text, flags=re.MULTILINE)
            bare = bare.replace("{[}", "").replace("{]}", "")
            assert not re.search(r"[\\$#_~^<>|\[\]]", bare), bare
            assert bare.count("{") == bare.count("}")
            rows = [row for row in text.splitlines() if row.endswith(r"\\")]
            assert {len(re.findall(r"(?<!\\)&", row)) for row in rows} <= {1, 2, 4, 5}
            assert not any(row.lstrip().startswith("[") for row in text.splitlines())

    def test_latex_by_character(self):
        assert _render.latex_escape("<a> | [0, 10) 5% & x_1") == (
            r"\textless{}a\textgreater{} \textbar{} {[}0, 10) 5\% \& x\_1"
        )
        assert _render.latex_escape("a\\b^c~d$e#f{g}") == (
            r"a\textbackslash{}b\textasciicircum{}c\textasciitilde{}d\$e\#f\{g\}"
        )

    def test_markdown_by_character(self):
        assert _render.markdown_escape("a|b *c* <d> & `e`\nf") == (
            r"a\|b \*c\* &lt;d&gt; &amp; \`e\` f"
        )

    def test_text_is_left_as_it_is(self):
        assert HOSTILE[:1].upper() + HOSTILE[1:] in str(estimate(quantity=HOSTILE))

    def test_the_same_facts_in_every_markup(self):
        result = estimate(quantity="ratio", notes=(Note("a", "First."), Note("b", "Second.")))
        for format in FORMATS:
            text = html.unescape(result.summary(format)).replace("\\", "")
            for fact in ("Ratio", "0.25", "0.1 to 0.5", "1e-05", "mid-p", "First.", "Second."):
                assert fact in text, format


class TestModes:
    def two(self, **changes):
        return cl.Posterior.from_pmf(
            [10, 11, 12, 13, 14, 15, 16],
            [0.2, 0.3, 0.05, 0.01, 0.04, 0.3, 0.1],
            n_observed=9,
            **changes,
        )

    def test_the_modes_come_first(self):
        assert str(self.two(level=0.9)) == (
            "Population size\n"
            "  mode 1                  11 (10 to 12), 55 % probable\n"
            "  mode 2                  15 (14 to 16), 45 % probable\n"
            "  estimate                11\n"
            "  90 % credible interval  10 to 16\n"
            "  standard error          2.257\n"
            "  hidden                  2 (1 to 7)\n"
            "  observed                9\n"
            "  n                       9\n"
            "  method                  exact posterior; interval: equal tails\n"
            "  note: The last total listed, 16, has probability 0.1: if the list was cut off "
            "there, larger totals are possible and the high limit is too low.\n"
            "  note: The posterior has several modes, near 11 (55 %) and 15 (45 %): the single "
            "interval spans totals between them that are hardly probable. Read the intervals of "
            "`.modes`."
        )
        assert repr(self.two()).startswith(
            "<Posterior population size: 2 modes, 11 (55 %) and 15 (45 %); 11 (10 to 16, 95 %"
        )

    @pytest.mark.parametrize("format", FORMATS)
    def test_in_every_markup(self, format):
        text = self.two().summary(format)
        assert text.index("mode 1") < text.index("mode 2") < text.index("estimate")

    def test_a_single_mode_is_not_spoken_of(self):
        posterior = cl.Posterior.from_pmf([3, 4], [0.6, 0.4], n_observed=3)
        assert "mode 1" not in str(posterior)
        assert "modes" not in repr(posterior)

    def test_modes_without_an_estimate_are_not_spoken_of(self):
        refused = dataclasses.replace(
            self.two(), estimate=np.nan, verdict=Verdict(False, "chains-disagree", ("R-hat is 2.",))
        )
        assert "mode 1" not in str(refused)
        assert repr(refused).endswith("chains-disagree>")


def test_zero_dimensional_fields_read_like_numbers():
    values = {"estimate": 0.25, "low": 0.1, "high": 0.5, "null": 0.5}
    result = estimate(**{name: xr.DataArray(value) for name, value in values.items()})
    assert repr(result) == repr(estimate())
    assert str(result) == str(estimate())
