"""The command line: files, formats, exit codes, and what is printed."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from countylines import __version__
from countylines.__main__ import main
from countylines.assessment import assess

# One claim without figures: these tests are about the command, and the report is tested elsewhere.
REPORT = assess(claims=["closures"])


@pytest.fixture(autouse=True)
def _in_an_empty_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def _prepared(monkeypatch):
    """The report made beforehand."""
    monkeypatch.setattr("countylines.assessment.assess", lambda: REPORT)


def run(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "-P", *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )


@pytest.mark.usefixtures("_prepared")
class TestFormats:
    @pytest.mark.parametrize(
        ("arguments", "name", "start"),
        [
            ([], "assessment.html", "<!DOCTYPE html>"),
            (["--format", "html"], "assessment.html", "<!DOCTYPE html>"),
            (["--format", "markdown"], "assessment.md", "# "),
            (["--format", "json"], "assessment.json", "{"),
            (["--out", "a.HTM"], "a.HTM", "<!DOCTYPE html>"),
            (["--out", "a.md"], "a.md", "# "),
            (["--out", "a.json"], "a.json", "{"),
            (["--out", "a.txt", "--format", "markdown"], "a.txt", "# "),
            (["--out", "a.html", "--format", "json"], "a.html", "{"),
        ],
    )
    def test_the_file_and_its_format(self, tmp_path, arguments, name, start):
        assert main(["assess", "--quiet", *arguments]) == 0
        assert [path.name for path in tmp_path.iterdir()] == [name]
        assert (tmp_path / name).read_text(encoding="utf-8").startswith(start)

    def test_lines_end_alike_everywhere(self, tmp_path):
        main(["assess", "--quiet"])
        assert b"\r" not in (tmp_path / "assessment.html").read_bytes()

    def test_the_json_is_strict(self, tmp_path):
        main(["assess", "--quiet", "--format", "json"])

        def refuse(word):
            raise AssertionError(word)

        text = (tmp_path / "assessment.json").read_text(encoding="utf-8")
        assert json.loads(text, parse_constant=refuse) == REPORT.to_dict()

    def test_a_file_is_replaced(self, tmp_path):
        (tmp_path / "a.md").write_text("before")
        assert main(["assess", "--out", "a.md", "--quiet"]) == 0
        assert (tmp_path / "a.md").read_text(encoding="utf-8") == REPORT.to_markdown()


@pytest.mark.usefixtures("_prepared")
class TestPrinting:
    def test_the_summary_and_the_file(self, capsys):
        assert main(["assess"]) == 0
        printed = capsys.readouterr()
        assert printed.out == f"{REPORT.summary()}\n\nWritten: assessment.html\n"
        assert printed.err == ""

    def test_quiet(self, capsys):
        assert main(["assess", "--quiet"]) == 0
        assert capsys.readouterr() == ("", "")


class TestHelp:
    def test_alone_it_prints_help(self, capsys):
        assert main([]) == 0
        assert "assess" in capsys.readouterr().out

    def test_version(self, capsys):
        assert main(["--version"]) == 0
        assert capsys.readouterr().out == f"countylines {__version__}\n"

    @pytest.mark.parametrize("arguments", [["--help"], ["assess", "--help"]])
    def test_help(self, capsys, arguments):
        assert main(arguments) == 0
        assert "usage: countylines" in capsys.readouterr().out


class TestRefusals:
    @pytest.mark.parametrize(
        "arguments", [["report"], ["assess", "--format", "pdf"], ["assess", "here"], ["--what"]]
    )
    def test_a_command_it_does_not_know(self, capsys, arguments):
        assert main(arguments) == 2
        assert "usage:" in capsys.readouterr().err

    def refused(self, capsys, tmp_path, *arguments):
        before = set(tmp_path.rglob("*"))
        assert main(["assess", *arguments]) == 1
        assert set(tmp_path.rglob("*")) == before
        printed = capsys.readouterr()
        assert printed.out == ""
        assert "Traceback" not in printed.err
        assert printed.err.startswith("countylines: `--out` must be a file")
        return printed.err

    def test_a_directory_that_is_not_there(self, capsys, tmp_path):
        text = self.refused(capsys, tmp_path, "--out", "nowhere/a.html")
        assert "Make 'nowhere' first" in text

    def test_a_directory(self, capsys, tmp_path):
        (tmp_path / "folder.html").mkdir()
        text = self.refused(capsys, tmp_path, "--out", "folder.html")
        assert "got the directory 'folder.html'" in text

    def test_a_suffix_it_does_not_know(self, capsys, tmp_path):
        text = self.refused(capsys, tmp_path, "--out", "a.pdf")
        assert "Use --format html, markdown or json" in text

    @pytest.mark.usefixtures("_prepared")
    def test_a_place_where_nothing_can_be_written(self, capsys, tmp_path, monkeypatch):
        def deny(*args, **kwargs):
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr("pathlib.Path.write_text", deny)
        text = self.refused(capsys, tmp_path, "--out", "a.html")
        assert "got 'a.html' (Permission denied). Choose another place with --out PATH." in text

    @pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is full")
    @pytest.mark.usefixtures("_prepared")
    def test_a_device_that_is_full(self, capsys, tmp_path):
        text = self.refused(capsys, tmp_path, "--out", "/dev/full", "--format", "json")
        assert "No space left on device" in text


class TestProcesses:
    def test_without_matplotlib_it_writes_tables_and_says_why(self, tmp_path):
        block = (
            "import sys\n"
            "class Block:\n"
            "    def find_spec(self, name, path=None, target=None):\n"
            "        if name.partition('.')[0] == 'matplotlib':\n"
            "            raise ImportError(name)\n"
            "sys.meta_path.insert(0, Block())\n"
            "from countylines.__main__ import main\n"
            "sys.exit(main(['assess', '--out', 'plain.html']))\n"
        )
        done = run("-c", block)
        assert done.returncode == 0, done.stderr
        page = (tmp_path / "plain.html").read_text(encoding="utf-8")
        assert "<svg" not in page
        assert "because matplotlib is not installed" in page
        assert "pip install &quot;countylines[plot]&quot;" in page
        assert page.count("<table") > 15
        assert "3.78" in page

    def test_with_matplotlib_it_does_not_speak_of_it(self):
        pytest.importorskip("matplotlib")
        assert "matplotlib" not in REPORT.to_html()

    def test_a_terminal_without_the_letters(self, tmp_path):
        done = run(
            *("-m", "countylines", "assess", "--format", "markdown"),
            PYTHONIOENCODING="ascii",
            PYTHONUTF8="0",
        )
        assert done.returncode == 0, done.stderr
        assert '1. "Around 6,600 active lines"' in done.stdout
        assert "?" not in done.stdout
        assert "“" in (tmp_path / "assessment.md").read_text(encoding="utf-8")

    def test_the_exit_code_reaches_the_shell(self):
        assert run("-m", "countylines", "assess", "--out", "no/where.html").returncode == 1
        assert run("-m", "countylines", "nothing").returncode == 2
