"""What is published, read back from the files of the packages, and what the pages say of it.

The site knows no other figures: what a package leaves out cannot appear on a page.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import partial
from itertools import pairwise
from operator import attrgetter, itemgetter
from typing import ClassVar, NamedTuple
from urllib.parse import urlencode
from uuid import NAMESPACE_URL, uuid5

from pydantic import Field as Described

from sumida_data.base.metadata import Model, Row, Title, group_by
from sumida_data.base.periods import Period
from sumida_data.base.xlsx import SAMPLE_MARK
from sumida_data.packages.published import Dataset
from sumida_data.packages.versions import FeedEntry, list_entries, write_atom
from sumida_data.plan.models import Indicator, Plan, Plans
from sumida_data.plan.values import round_half_up
from sumida_data.present.chart import LARGE, SMALL, Chart
from sumida_data.present.points import IndicatorStatus
from sumida_data.quality.data_package import split_packages
from sumida_data.survey.form import Waves

# The tables that say something about an indicator, and the order of their rows.
_ORDERS = {
    "indicator_value": ("period", "revision"),
    "indicator_progress": ("period", "revision"),
    "indicator_value_by_department": ("level", "organisation_code"),
    "progress_note": ("period",),
    "indicator": ("valid_from",),
    "indicator_target": ("decided_on", "target_date"),
}


class Contact(Model):
    """How to reach the office.

    Attributes:
        office: Its Japanese name.
        office_en: Its English name.
        address: Its postal address, in Japanese.
        page: A page of the municipality with a form or further ways to write.
        telephone: Its number; None shows none.
        email: Its address; None shows none.
    """

    office: str
    office_en: str
    address: str
    page: str = Described(pattern=r"^https://\S+$")
    telephone: str | None = None
    email: str | None = None


class Term(Model):
    """A word of the glossary."""

    named_by: ClassVar[str] = "word"

    word: Title
    word_en: Title
    meaning: str
    meaning_en: str


class SiteSettings(Model):
    """What the site says about itself.

    Attributes:
        title: Its Japanese title.
        title_en: Its English title.
        description: What it holds, in Japanese.
        days_to_publication: Days from the day by which departments answer to the publication.
        contact: How to reach the office.
        glossary: Words of the pages that not everybody knows.
        synonyms: Groups of words that mean the same to those who search.
        english: English for Japanese texts of the plan, the data and the software, with ``{}`` for
            numbers; what is missing is shown in Japanese on the English pages.
    """

    title: Title
    title_en: Title
    description: str
    days_to_publication: int = Described(ge=0)
    contact: Contact
    glossary: tuple[Term, ...] = ()
    synonyms: tuple[tuple[str, ...], ...] = ()
    english: Mapping[str, str] = Described(default_factory=dict)


@dataclass(frozen=True)
class Published:
    """Everything that is published: the datasets, in the order of packages.yml."""

    datasets: tuple[Dataset, ...]

    @property
    def sample(self) -> bool:
        """Whether invented data went into any of it."""
        return any(dataset.descriptor["sumida:sample"] for dataset in self.datasets)

    @property
    def address(self) -> str:
        """The site's address, with a slash at the end; empty while nothing is published."""
        latest = [str(one.descriptor["sumida:latest"]) for one in self.datasets]
        return f"{latest[0].partition('/dataset/')[0]}/" if latest else ""

    def find(self, table: str) -> Dataset | None:
        """Return the first dataset that publishes the table, or None."""
        return next((one for one in self.datasets if f"{table}.parquet" in one.files), None)

    def rows(self, table: str, *order: str) -> list[Row]:
        """Return the rows of a table in the order of its columns; none where none publishes it.

        What is not known comes first: it is older than what is.
        """
        dataset = self.find(table)
        rows = dataset.read(table).to_pylist() if dataset else []
        return sorted(rows, key=lambda row: [(row[name] is not None, row[name]) for name in order])


def read_published(files: Mapping[str, bytes], names: Iterable[str]) -> Published:
    """Read the named packages back from their files; one without files is left out."""
    packages = split_packages(files)
    return Published(tuple(Dataset(name, packages[name]) for name in names if name in packages))


class IndicatorPage:
    """What is said about one indicator.

    Attributes:
        indicator: The indicator by the definition of its newest value.
        current: Its newest row of ``indicator_value``; None if none is published.
        progress: Rows of ``indicator_progress`` for that value, the primary method first.
        newest: The newest revision of each period's value.
        rows: All that is published about it: rows by their table, oldest first.
        responses: Rows of ``response_rate`` of the newest value's period, the whole city first;
            none if departments are not asked.
        charts: Its chart, and the same for the overview; none if no value is published.
    """

    def __init__(
        self,
        plan: Plan,
        indicator: Indicator,
        tables: Mapping[str, list[Row]],
        responses: Iterable[Row],
    ) -> None:
        """Take what is about the indicator from the tables, which are in their order."""
        of_indicator = {"indicator_id": indicator.indicator_id}
        self.rows = {name: _select(rows, **of_indicator) for name, rows in tables.items()}
        self.newest = list({row["period"]: row for row in self.rows["indicator_value"]}.values())
        self.current = self.newest[-1] if self.newest else None
        key = {name: (self.current or {}).get(name) for name in ("period", "revision")}
        judged = {row["method"]: row for row in _select(self.rows["indicator_progress"], **key)}
        self.progress = [*filter(None, map(judged.get, map(attrgetter("method"), plan.methods)))]
        self.responses = _select(responses, period=key["period"])
        day = Period.parse(self.current["period"]).last_day if self.current else plan.last_day
        self.indicator, first = indicator.on(day), next(iter(self.progress), None)
        draw = partial(Chart, plan, self.indicator, first, self.newest)
        self.charts = [draw(LARGE), draw(SMALL)] if self.current else []

    @property
    def status(self) -> IndicatorStatus | None:
        """Its status now and in the quarter before; None where nothing is judged."""
        if not self.current or not self.progress:
            return None
        before = self.newest[-2] if len(self.newest) > 1 else None
        notes = _select(self.rows["progress_note"], period=self.current["period"])
        note = next(iter(notes), None)
        return IndicatorStatus(self.indicator, self.current, before, self.progress[0], note)

    @property
    def divisions(self) -> list[Row]:
        """The newest values of divisions, the largest first; what is withheld comes last."""
        of_day = {"level": "部", "period": (self.current or {}).get("period")}
        rows = _select(self.rows["indicator_value_by_department"], **of_day)
        return sorted(rows, key=lambda row: row["value"] or Decimal(-1), reverse=True)

    @property
    def verdict(self) -> str:
        """The verdict by the plan's primary method."""
        return str(self.progress[0]["verdict"]) if self.progress else "cannot_say"

    @property
    def revisions(self) -> list[tuple[Indicator, Row, Row]]:
        """Each revision of a published value: the row before and the row after."""
        pairs = pairwise(self.rows["indicator_value"])
        return [(self.indicator, *pair) for pair in pairs if pair[0]["period"] == pair[1]["period"]]


def _select(rows: Iterable[Row], **wanted: object) -> list[Row]:
    return [row for row in rows if all(row[name] == value for name, value in wanted.items())]


def gather_indicators(plan: Plan, published: Published) -> list[IndicatorPage]:
    """Gather what is said about each indicator of the plan, in the plan's order."""
    tables = {name: published.rows(name, *order) for name, order in _ORDERS.items()}
    responses = sorted(published.rows("response_rate"), key=lambda row: row["level"] == "部")
    return [
        IndicatorPage(plan, one, tables, responses if one.source == "survey" else [])
        for one in plan.indicators
    ]


def gather_peers(page: IndicatorPage, published: Published) -> Row | None:
    """Place the newest value of a ratio among those of other municipalities.

    Ratios come from summed numerators and denominators. None where the table behind the indicator
    does not list other municipalities, or has no value for that of the page.

    Returns:
        The day of the figures, the ``members`` of the same prefecture and kind in the order of
        their codes, the ``wholes``: the members, the prefecture and the country, each summed up,
        and the credits of the sources.
    """
    indicator, current = page.indicator, page.current
    dataset = published.find(indicator.table)
    if not (current and dataset and indicator.denominator_fields):
        return None
    rows = _select(published.rows(indicator.table), period=current["period"])
    home = next(iter(_select(rows, municipality_code=current["municipality_code"])), {})
    fields = (indicator.numerator_fields[0], indicator.denominator_fields[0])
    if "prefecture_name" not in home or not _list_counted([home], *fields):
        return None
    counted = _list_counted(_select(rows, as_of=home["as_of"]), *fields)
    prefecture, kind = home["prefecture_name"], home["municipality_name"][-1]
    around = _select(counted, prefecture_name=prefecture)
    alike = [row for row in around if row["municipality_name"].endswith(kind)]
    alike.sort(key=itemgetter("municipality_code"))
    add = partial(_sum_up, indicator.decimals, fields, home)
    return {
        "as_of": home["as_of"],
        "members": [add([row], row["municipality_name"]) for row in alike],
        "wholes": [
            add(alike, f"{prefecture}の{len(alike)}{kind}", "These municipalities together"),
            add(around, prefecture, "The whole prefecture"),
            add(counted, "全国", "Japan"),
        ],
        "credits": list(map(itemgetter("sumida:credit"), dataset.descriptor["sources"])),
    }


def _list_counted(rows: list[Row], part: str, whole: str) -> list[Row]:
    return [row for row in rows if row[part] is not None and row[whole]]


def _sum_up(decimals: int, fields: tuple[str, str], home: Row, rows: list[Row], *names: str) -> Row:
    """Add municipalities up, with a Japanese and, of several, an English name."""
    part, whole = (sum(row[field] for row in rows) for field in fields)
    return {
        "names": (names[0], names[-1]),
        "municipalities": len(rows),
        "numerator": part,
        "denominator": whole,
        "value": round_half_up(100 * Decimal(part) / whole, decimals),
        "is_home": rows == [home],
    }


def gather_initiatives(published: Published) -> list[Row]:
    """Gather the case studies of the newest period, with department, effects and anchor."""
    key = itemgetter("department_code", "period", "initiative_name")
    effects = group_by(published.rows("initiative_effect"), key)
    gathered = []
    for row in _name_departments(published, "initiative"):
        anchor = re.sub(r"[^\w-]", "-", f"{row['department_code']}-{row['initiative_name']}")
        gathered.append(row | {"effects": effects[key(row)], "anchor": anchor})
    return gathered


def gather_sums(published: Published) -> list[Row]:
    """Gather the sums of effects of the newest period, of the whole city first and by category."""
    rows = published.rows("initiative_effect_summary", "period")
    newest = [row for row in rows if row["period"] == rows[-1]["period"]]
    return [row for level in ("全体", "区分") for row in _select(newest, level=level)]


def gather_procedures(published: Published) -> list[Row]:
    """Gather the procedures of the newest period, each with its department and ways to pay.

    They come by department and number; a department that is not published has its code for a name.
    """
    methods, number = defaultdict(list), itemgetter("period", "procedure_number")
    for row in published.rows("procedure_payment_method"):
        methods[number(row)].append(row["payment_method"])
    rows = [
        row | {"payment_methods": methods[number(row)]}
        for row in _name_departments(published, "procedure")
    ]
    order = itemgetter("department_code", "procedure_number")
    return sorted(rows, key=lambda row: (row["section"] == "", *map(str, order(row))))


def _name_departments(published: Published, table: str) -> Iterator[Row]:
    """Yield the rows of a table in its newest period with division and section of that time."""
    rows = published.rows(table)
    newest = max((row["period"] for row in rows), default="")
    departments = published.rows("department", "valid_from")
    for row in rows:
        if row["period"] == newest:
            code = row["department_code"] or ""
            names = {"division": "", "section": code}
            for one in departments:
                if one["department_code"] == code and one["valid_from"] <= row["as_of"]:
                    names = {key: one[key] for key in names}
            yield row | names


def gather_calendar(waves: Waves, site: SiteSettings, published: Published) -> list[Row]:
    """Gather the quarters that are asked for, oldest first, each with when departments answer."""
    # A page that asked the clock which are still to come would not be the same tomorrow.
    there = {row["period"] for row in published.rows("indicator_value")}
    wait = timedelta(days=site.days_to_publication)
    return [
        {"period": period, "due_on": wave.due_on, "planned_on": wave.due_on + wait}
        | {"published": period in there}
        for period, wave in sorted(waves.root.items(), key=lambda item: Period.parse(item[0]))
        if period in there or not wave.follows
    ]


class IndexEntry(NamedTuple):
    """An entry of the search index, with the page about it.

    A column has no page of its own, so that its path is empty, but places.
    """

    title: str
    title_en: str  # empty where the data have only a Japanese title
    description: str  # what else is searched, in Japanese
    path: str
    name: str = ""  # its machine name, if it has one
    places: Sequence[tuple[str, str, str]] = ()  # pages that show it, with titles of its table


def build_index(
    plans: Plans, published: Published, pages: Mapping[str, tuple[str, str]]
) -> dict[tuple[str, str], list[IndexEntry]]:
    """Return everything that can be searched for, the pages first, by headings."""
    index = defaultdict(list)
    for path, titles in pages.items():
        index["ページ", "Pages"].append(IndexEntry(*titles, "", path))
    for one in plans.indicators:
        words = " ".join(filter(None, (one.printed_title, one.definition)))
        path, name = f"indicators/{one.indicator_id}.html", one.indicator_id
        index["指標", "Indicators"].append(IndexEntry(one.title, one.title_en, words, path, name))
    for headings, entry in _list_works(published):
        index[headings].append(entry)
    index["列", "Columns"] += _list_columns(published)
    return index


def _list_works(published: Published) -> Iterator[tuple[tuple[str, str], IndexEntry]]:
    """Yield what the city does and publishes, each with its headings."""
    for row in gather_initiatives(published):
        texts = map(row.get, ("section", "category", "other_category", "summary"))
        words = " ".join(filter(None, texts))
        path = f"initiatives.html#{row['anchor']}"
        yield ("取組事例", "Initiatives"), IndexEntry(row["initiative_name"], "", words, path)
    for one in published.datasets:
        formats = dict.fromkeys(file["format"].upper() for file in one.downloads)
        words = f"{one.descriptor['description']} {'、'.join(formats)}"
        yield ("データ", "Datasets"), IndexEntry(*one.titles, words, one.page, one.name)
    procedures = gather_procedures(published)
    for row in procedures:
        name, path = row["procedure_name"], f"procedures.html#{row['procedure_number']}"
        entry = IndexEntry(name or row["procedure_number"], "", row["section"], path)
        yield ("手続", "Procedures"), entry
    for section, division in dict.fromkeys(map(itemgetter("section", "division"), procedures)):
        if section:
            path = f"procedures.html?{urlencode({'department': section})}"
            headings = ("手続のある課", "Departments with procedures")
            yield headings, IndexEntry(section, "", division, path)


def _list_columns(published: Published) -> Iterator[IndexEntry]:
    """Yield the columns; tables that describe one in the same words share an entry."""
    places = defaultdict(list)
    for dataset in published.datasets:
        for table in dataset.tables:
            titles = (table["title"], table["sumida:titleEn"])
            for one in table["schema"]["fields"]:
                column = (one["name"], one["title"], one["sumida:titleEn"])
                path = f"{dataset.page}#{table['name']}.{one['name']}"
                places[*column, one.get("description", "")].append((path, *titles))
    for (name, title, title_en, words), found in sorted(places.items()):
        yield IndexEntry(title, title_en, words, "", name, found)


def write_lists(published: Published, site: SiteSettings, pages: Iterable[str]) -> dict[str, bytes]:
    """Write what machines follow: the map of the pages, and the feed of all versions.

    Its days are those on which they were published and not the time of a clock, so that the same
    data give the same feed.
    """
    address = published.address
    entries: list[FeedEntry] = []
    for one in published.datasets:
        page, title = f"{address}{one.page}", f"{one.titles[0]} "
        entries += list_entries(one.descriptor, one.versions, title, page)
    feed = write_atom(
        uuid5(NAMESPACE_URL, f"{site.contact.page}#feed"),
        f"【{SAMPLE_MARK}】{site.title}" if published.sample else site.title,
        site.contact.office,
        (f"{address}feed.xml", f"{address}index.html"),
        sorted(entries, key=lambda one: one.day, reverse=True),
    )
    return {
        "feed.xml": feed,
        "sitemap.txt": "".join(f"{address}{page}\n" for page in pages).encode(),
        "robots.txt": f"User-agent: *\nAllow: /\nSitemap: {address}sitemap.txt\n".encode(),
    }
