"""Every shipped file is the registered one, loads offline, and carries its provenance."""

from __future__ import annotations

import copy
import hashlib
import json
import re
import socket
import subprocess
import sys
from importlib import resources

import pandas as pd
import pytest

import countylines as cl
from countylines import datasets
from countylines.datasets import _loading
from countylines.errors import CountyLinesError, InputError

HOME = resources.files("countylines.datasets")
REGISTRY = json.loads(HOME.joinpath("registry.json").read_text(encoding="utf-8"))
TABLES = sorted(REGISTRY["tables"])
LISTS = sorted(REGISTRY["multiple_systems"])
ENTRIES = [*REGISTRY["tables"].values(), *REGISTRY["multiple_systems"].values()]
PROMISED = ("title", "source", "licence", "retrieved", "sha256", "caveats", "status", "citation")
SHARED_TABLES = [
    "census2021_age_region",
    "census2021_ethnicity_pfa",
    "census2021_ethnicity_region",
    "county_lines_national",
    "localisation",
    "localisation_counts_derived",
    "localisation_identification_derived",
    "missing_children",
    "nominals_as_published",
    "nrm_county_lines",
    "nrm_criminal_exploitation_force",
    "nrm_criminal_exploitation_national",
    "nrm_referral_vintages",
    "police_force_centroids",
    "police_force_pairs",
    "police_force_population",
    "stop_search_pfa_2019_2021",
]


def load(name: str) -> pd.DataFrame:
    """A table of either kind."""
    if name in LISTS:
        return datasets.load_mse(name)
    return getattr(datasets, f"load_{name}")()


def csv_files() -> set[str]:
    """Every csv file in the package, by its path below tables/."""
    folder = HOME.joinpath("tables")
    top = {item.name for item in folder.iterdir() if item.name.endswith(".csv")}
    return top | {f"mse/{item.name}" for item in folder.joinpath("mse").iterdir()}


class TestRegistry:
    def test_it_has_the_tables_promised(self):
        assert TABLES == SHARED_TABLES

    def test_every_file_is_registered_and_there(self):
        assert {entry["file"] for entry in ENTRIES} == csv_files()

    @pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["file"])
    def test_the_checksum_is_that_of_the_file(self, entry):
        content = HOME.joinpath("tables", *entry["file"].split("/")).read_bytes()
        assert hashlib.sha256(content).hexdigest() == entry["sha256"]

    @pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["file"])
    def test_no_field_is_empty(self, entry):
        blank = [key for key, value in entry.items() if value in ("", [], {})]
        assert set(blank) <= {"press_only"}
        assert entry["status"] in REGISTRY["status"]
        assert set(entry["licence"]) <= set(REGISTRY["licences"])
        assert entry["retrieved"] == "2026-11-23"

    @pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["file"])
    def test_caveats_are_sentences(self, entry):
        assert all(re.fullmatch(r"\S.*[.]", caveat) for caveat in entry["caveats"])

    @pytest.mark.parametrize("name", TABLES)
    def test_crown_copyright_is_acknowledged(self, name):
        entry = REGISTRY["tables"][name]
        named = "Open Government Licence v" in entry["attribution"]
        assert named is ("OGL-UK-3.0" in entry["licence"])

    @pytest.mark.parametrize("name", TABLES)
    def test_every_column_has_a_meaning_and_a_unit(self, name):
        for column, about in REGISTRY["tables"][name]["columns"].items():
            assert re.fullmatch(r"[a-z][a-z0-9_]*", column)
            assert about["meaning"]
            if about["dtype"] in ("integer", "number"):
                assert about["unit"], column
            else:
                assert about["dtype"] in ("text", "flag")

    def test_it_is_small(self):
        size = len(HOME.joinpath("registry.json").read_bytes())
        for file in csv_files():
            size += len(HOME.joinpath("tables", *file.split("/")).read_bytes())
        assert size < 500_000


class TestFrames:
    @pytest.mark.parametrize("name", [*TABLES, *LISTS])
    def test_provenance_hangs_on_the_frame(self, name):
        attrs = load(name).attrs
        assert attrs["name"] == name
        for key in PROMISED:
            assert attrs[key], key
        assert all(isinstance(caveat, str) for caveat in attrs["caveats"])
        json.dumps(attrs)

    @pytest.mark.parametrize("name", TABLES)
    def test_rows_columns_and_dtypes_are_the_registered_ones(self, name):
        frame, entry = load(name), REGISTRY["tables"][name]
        assert len(frame) == entry["n_rows"] > 0
        assert list(frame.columns) == list(entry["columns"])
        assert list(frame.index) == list(range(len(frame)))
        for column, about in entry["columns"].items():
            dtype = frame[column].dtype
            if about["dtype"] == "text":
                assert all(isinstance(value, str) for value in frame[column].dropna())
                assert not pd.api.types.is_numeric_dtype(dtype)
            else:
                assert dtype == {"integer": "int64", "number": "float64", "flag": "bool"}.get(
                    about["dtype"]
                )

    @pytest.mark.parametrize("name", TABLES)
    def test_no_row_is_there_twice(self, name):
        assert not load(name).duplicated().any()

    @pytest.mark.parametrize("name", TABLES)
    def test_a_row_needs_no_other_row_to_be_read(self, name):
        frame = load(name)
        text = frame.select_dtypes(exclude=["number", "bool"])
        pointer = re.compile(r"(?i)(as|see) (\S+ )?above|ditto|idem")
        assert [
            cell for column in text for cell in text[column].dropna() if pointer.match(cell)
        ] == []

    @pytest.mark.parametrize("name", LISTS)
    def test_lists_are_zero_or_one_and_counts_positive(self, name):
        frame = load(name)
        lists = frame.attrs["lists"]
        assert list(frame.columns) == [*lists, "n"]
        assert set(frame.dtypes.astype(str)) == {"int64"}
        assert frame[lists].isin([0, 1]).all(axis=None)
        assert (frame["n"] > 0).all()
        assert (frame[lists].sum(axis="columns") > 0).all()
        assert not frame.duplicated(lists).any()
        assert len(frame) == frame.attrs["n_rows"]

    @pytest.mark.parametrize("name", [*TABLES, *LISTS])
    def test_changing_one_changes_no_other(self, name):
        mine = load(name)
        before, known = mine.copy(deep=True), copy.deepcopy(mine.attrs)
        mine.iloc[:, -1] = mine.iloc[::-1, -1].to_numpy()
        del mine[mine.columns[0]]
        mine.attrs["caveats"].append("mine")
        mine.attrs["columns"].clear()
        mine.attrs["title"] = "mine"
        again = load(name)
        pd.testing.assert_frame_equal(again, before)
        assert again.attrs == known

    @pytest.mark.parametrize("name", TABLES)
    def test_a_press_figure_says_so(self, name):
        frame = load(name)
        if "status" not in frame:
            return
        secondary = frame["status"].str.startswith("secondary")
        assert len(frame.attrs["press_only"]) == secondary.sum()

    def test_the_press_figures_of_the_assessment_are_named(self):
        named = " ".join(datasets.load_localisation().attrs["press_only"])
        for figure in ("6,644", "4,007", "-12.2 %", "+232 %"):
            assert figure in named
        for name in ("localisation_counts_derived", "localisation_identification_derived"):
            assert "-12.2 % and +232 %" in load(name).attrs["press_only"][0]

    def test_every_citation_key_is_in_the_bibliography(self):
        keys = {key for entry in ENTRIES for key in entry["citation_keys"]}
        assert "@" in cl.cite(sorted(keys), format="bibtex")

    def test_a_frame_can_be_written_to_parquet_with_its_provenance(self, tmp_path):
        pytest.importorskip("pyarrow")
        lines = datasets.load_localisation()
        lines.to_parquet(tmp_path / "lines.parquet")
        assert pd.read_parquet(tmp_path / "lines.parquet").attrs == lines.attrs


class TestOffline:
    @pytest.fixture(autouse=True)
    def _no_network(self, monkeypatch):
        def refuse(*args, **kwargs):
            raise AssertionError("a loader reached for the network")

        for name in ("socket", "create_connection", "getaddrinfo"):
            monkeypatch.setattr(socket, name, refuse)

    @pytest.mark.parametrize("name", [*TABLES, *LISTS])
    def test_a_table_loads(self, name):
        assert len(load(name)) > 0

    def test_the_refusal_works(self):
        with pytest.raises(AssertionError, match="reached for the network"):
            socket.create_connection(("localhost", 9))


class TestAlteredFiles:
    def test_an_altered_table_is_refused(self, monkeypatch):
        whole = _loading._content
        monkeypatch.setattr(
            _loading,
            "_content",
            lambda path: whole(path).replace(b"6644", b"6645"),
        )
        with pytest.raises(CountyLinesError, match="Install countylines again") as caught:
            datasets.load_localisation()
        assert "`localisation.csv` must be the table that countylines ships" in str(caught.value)
        assert len(datasets.load_localisation_counts_derived()) == 14

    def test_a_missing_table_is_named(self, monkeypatch):
        entry = {**_loading.registry()["tables"]["localisation"], "file": "gone.csv"}
        tables = {**_loading.registry()["tables"], "localisation": entry}
        monkeypatch.setattr(_loading, "registry", lambda: {"tables": tables})
        with pytest.raises(CountyLinesError, match=r"`tables/gone\.csv` must be in the installed"):
            datasets.load_localisation()


class TestCatalogues:
    def test_every_table_has_a_loader_of_its_name(self):
        loaders = {name for name in datasets.__all__ if name.startswith("load_")}
        assert loaders == {f"load_{name}" for name in TABLES} | {"load_mse"}

    def test_list_tables(self):
        listed = datasets.list_tables()
        assert sorted(listed.index) == TABLES
        assert listed.loc["county_lines_national", "n_rows"] == 70
        assert listed.notna().all(axis=None)

    def test_list_mse(self):
        listed = datasets.list_mse()
        assert sorted(listed.index) == LISTS
        for name in LISTS:
            frame = datasets.load_mse(name)
            assert listed.loc[name, "n_observed"] == frame["n"].sum()
            assert listed.loc[name, "n_lists"] == len(frame.columns) - 1

    def test_changing_a_list_changes_no_table(self):
        mine = datasets.list_tables()
        mine["title"] = None
        mine.iloc[0, 1] = "mine"
        assert "mine" not in datasets.list_tables().iloc[0].to_list()
        assert datasets.list_tables().notna().all(axis=None)

    def test_an_unknown_name_gets_the_names_there_are(self):
        with pytest.raises(InputError, match=r"`name` must be one of 'uk_2013', .*Did you mean"):
            datasets.load_mse("uk2013")

    @pytest.mark.parametrize("name", [None, 3, ("uk_2013",)])
    def test_a_name_is_a_word(self, name):
        with pytest.raises(InputError, match="`name` must be one of"):
            datasets.load_mse(name)


def test_importing_the_room_loads_no_pandas():
    code = (
        "import sys, types\n"
        "package = types.ModuleType('countylines')\n"
        f"package.__path__ = {list(cl.__path__)!r}\n"
        "sys.modules['countylines'] = package\n"
        "import countylines.datasets\n"
        "print([name for name in ('numpy', 'pandas', 'xarray') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
