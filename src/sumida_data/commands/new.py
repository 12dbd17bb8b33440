"""The command ``sumida-data new``: the project of another municipality."""

import csv
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import click

import sumida_data
from sumida_data.base.disk import replace_folder
from sumida_data.base.periods import fiscal_year_of
from sumida_data.present.words import load_templates
from sumida_data.survey.reading.registers import REGISTERS

_HELP = """別の自治体のプロジェクトを作ります。

設定、課の一覧、例の指標を2つ持つ計画、手引きができ、見本データですぐに動きます。
書かなかったことは、尋ねます。
"""
# What holds for every municipality, in its words.
_ADAPTED = (
    *(".telemetry", "conf/logging.yml", "conf/ckan/catalog.yml", "conf/many/*.yml"),
    *("conf/base/**/*.yml", "docs/department.ja.md", "docs/office.ja.md", "docs/collecting.ja.md"),
    *("docs/publishing.ja.md", "docs/publishing-ckan.ja.md", "docs/analyst.ja.md"),
    "docs/open_data_user.ja.md",
)
_REFERENCE = "data/01_raw/reference"
# What the project begins without: it has to add the file first.
_CENTRAL = "mynumber_card|document_approval|open_dataset"
_PICTURE = re.compile(r"^!\[.*\n", re.M)
# The ward as 区, where its word is not part of another.
_WARD = r"(?<![市地特別見])区(?=[のがかで民と]|全体|, 部)"


def _refuse_full(_: click.Context, __: click.Parameter, folder: Path) -> Path:
    """Refuse a folder that holds something before anything is asked."""
    if folder.exists() and any(folder.iterdir()):
        raise click.ClickException(f"{folder}: 空でないフォルダには作れません。")
    return folder


@click.command(help=_HELP)
@click.argument(
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="フォルダ",
    callback=_refuse_full,
)
@click.option("--code", prompt="全国地方公共団体コード(6桁)", help="全国地方公共団体コード(6桁)。")
@click.option("--name", prompt="自治体の名前", help="自治体の名前(小田原市など)。")
@click.option("--name-en", prompt="英語の名前", help="英語の名前(Odawara Cityなど)。")
@click.option("--office", prompt="担当の課", help="調査と公開を受け持つ課の名前。")
@click.option(
    "--first-year",
    type=int,
    default=lambda: fiscal_year_of(date.today()),
    show_default="今の年度",
    prompt="計画の最初の年度(西暦)",
    help="計画の最初の年度(西暦)。",
)
@click.option(
    "--homepage",
    default="https://www.example.lg.jp/",
    show_default=True,
    help="自治体のホームページのアドレス。",
)
def new(folder: Path, first_year: int, **given: str) -> None:
    """Make a project of a municipality that runs at once on sample data.

    Exits with 1 where the folder holds something, or the municipality is unknown.
    """
    # The first project is in the installed package, or around the source.
    package = Path(sumida_data.__file__).parent
    originals = package / "project" if (package / "project").is_dir() else package.parents[1]
    municipalities = (originals / _REFERENCE / "municipalities.csv").read_text("utf-8")
    prefecture = _find_prefecture(municipalities, given["code"], given["name"])
    words = {**given, "year": first_year, "prefecture": prefecture, "kind": given["name"][-1]}
    files = {
        # Excel wants the mark.
        **{f"{_REFERENCE}/{one}.csv": f"\ufeff{','.join(REGISTERS[one])}\n" for one in REGISTERS},
        f"{_REFERENCE}/municipalities.csv": municipalities,
        **dict(_adapt(originals, words)),
        **dict(_fill_in(words)),
    }
    replace_folder(folder, {name: text.encode() for name, text in files.items()})
    # Kedro wants the folders; the code is where it is installed.
    for name in ("src", "conf/local"):
        (folder / name).mkdir()
    command = [sys.executable, "-m", "sumida_data.reference"]
    subprocess.run(command, cwd=folder, check=True)  # noqa: S603  # itself
    click.echo(f"{words['name']}のプロジェクトを {folder} に作りました。")
    click.echo(
        f"次にすること：cd {folder} の後、kedro run --pipelines=sample と kedro run を実行し、"
        "README.ja.md を読んでください。"
    )


def _find_prefecture(municipalities: str, code: str, name: str) -> str:
    rows = csv.DictReader(municipalities.removeprefix("\ufeff").splitlines())
    row = {row["municipality_code"]: row for row in rows}.get(code)
    if row is None or row["municipality_name"] != name:
        hint = f"このコードは{row['municipality_name']}のものです。" if row else ""
        raise click.ClickException(
            f"--code {code} --name {name}: この組の自治体は municipalities.csv にありません。{hint}"
        )
    return row["prefecture_name"]


def _adapt(originals: Path, words: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the files of the first project that hold for every municipality, in its words."""
    new_words = {
        r"https?://[\w./-]*sumida[\w./-]*": words["homepage"],
        r"〒.*墨田区役所": "未記入",
        r"Sumida City Office, .*": "not given",
        r"墨田区行財政改革・": words["name"],
        r"墨田区?": words["name"],
        r"墨企": "企",
        r"企画経営室ICT推進担当": words["office"],
        r"ICT Promotion, [\w ]+, Sumida City|Sumida City, ICT Promotion|Sumida City": words[
            "name_en"
        ],
        r"131075": words["code"],
        r"sumida\.duckdb": "figures.duckdb",
        _WARD: words["kind"],
    }
    for path in (path for pattern in _ADAPTED for path in originals.glob(pattern)):
        text = path.read_text("utf-8")
        for old, named in new_words.items():
            text = re.sub(old, named.replace("\\", r"\\"), text)
        if path.suffix == ".md":
            heading, rest = _PICTURE.sub("", text).split("\n", 1)
            text = f"{heading}({words['name']})\n{rest}"
        yield path.relative_to(originals).as_posix(), _without_central_files(path.name, text)


def _without_central_files(name: str, text: str) -> str:
    """Comment out what rests on the files of the ministry and of systems."""
    if name == "sources.yml":
        kept, _, sources = text.partition("sources:\n")
        return f"{kept}sources: []\n{_comment_out(sources)}"
    if name == "packages.yml":
        central = re.compile(f", ({_CENTRAL})")
        text = re.sub(r"sources: \[survey.*", lambda one: central.sub("", one[0]), text)
    if name not in {"tables.yml", "quality_rules.yml", "packages.yml"}:
        return text
    blocks = re.split(r"^(?=    - (?:name|rule_id): )", text, flags=re.M)
    rests = re.compile(rf"\b(?:table|name|sources): \[?(?:{_CENTRAL})\b")
    return "".join(_comment_out(one) if rests.search(one) else one for one in blocks)


def _comment_out(text: str) -> str:
    return re.sub(r"^(?=.)", "# ", text, flags=re.M)


def _fill_in(words: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the files that are a municipality's own, as examples."""
    templates = load_templates("commands")
    for name in templates.list_templates(filter_func=lambda name: name.startswith("new/")):
        path = re.sub("^parameters/", "conf/base/parameters/", name.removeprefix("new/"))
        path = f"{_REFERENCE}/{path}" if path.endswith(".csv") else path
        yield (
            ".gitignore" if path == "gitignore" else path,
            templates.get_template(name).render(words),
        )
