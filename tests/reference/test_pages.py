"""The reference pages: up to date, and nothing missing."""

import re

import click
import pytest

from sumida_data.commands import cli
from sumida_data.parameters import PARAMETERS
from sumida_data.reference import PAGES, list_keys, main, render_pages
from tests.project import PROJECT


@pytest.fixture(scope="module")
def commands():
    context = click.Context(cli)
    return {name: cli.get_command(context, name) for name in cli.list_commands(context)}


@pytest.fixture(scope="module")
def pages(raw_parameters, commands):
    return render_pages(raw_parameters, commands)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_up_to_date(pages, name):
    written = (PROJECT / f"docs/reference/{name}.ja.md").read_text("utf-8")
    assert written == pages[f"{name}.ja.md"], "make docs"


def test_no_other_page_lies_there():
    assert {path.name for path in (PROJECT / "docs/reference").iterdir()} == {
        f"{name}.ja.md" for name in PAGES
    }


def test_every_table_and_column_has_its_place(pages, dictionary):
    text = pages["tables.ja.md"]
    for table in dictionary.tables:
        section = text.partition(f"\n## {table.name}\n")[2].partition("\n## ")[0]
        listed = re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
        assert listed == table.column_names, table.name


def test_every_indicator_rule_and_package_has_its_place(pages, plan, rules, raw_parameters):
    for indicator in plan.indicators:
        assert f"\n### {indicator.indicator_id}\n" in pages["indicators.ja.md"]
        assert indicator.query.strip() in pages["indicators.ja.md"]
    for rule in rules.root:
        assert f"\n| {rule.rule_id} |" in pages["rules.ja.md"]
    for kind in ("families", "rules"):
        for rule in raw_parameters["quality_rules"][kind]:
            assert f"\n| {rule['rule_id']} |" in pages["rules.ja.md"]
    for package in raw_parameters["packages"]["packages"]:
        assert f"\n## {package['name']}\n" in pages["packages.ja.md"]


def test_every_key_of_the_parameters_is_explained():
    keys = list_keys()
    assert set(keys) == set(PARAMETERS)
    unexplained = [key.path for listed in keys.values() for key in listed if not key.text.strip()]
    assert unexplained == []


def test_every_command_and_option_has_its_help(pages, commands):
    for name, one in commands.items():
        section = pages["commands.ja.md"].partition(f"\n### sumida-data {name}\n")[2]
        assert one.help.strip() in section
        options = [option for option in one.params if isinstance(option, click.Option)]
        assert all(option.help for option in options)
        assert all(f"`{option.opts[0]}`" in section for option in options)


def test_a_cell_of_a_table_stays_one_cell(pages):
    for name, text in pages.items():
        tables = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)
        for table in tables:
            widths = {len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}
            assert len(widths) == 1, f"{name}: {table[:200]}"


def test_the_command_writes_the_pages(tmp_path, monkeypatch, pages):
    (tmp_path / "conf").symlink_to(PROJECT / "conf")
    monkeypatch.chdir(tmp_path)
    main()
    written = {p.name: p.read_text("utf-8") for p in (tmp_path / "docs/reference").iterdir()}
    assert written == pages
