"""What was read from the returns of a quarter, kept so that the returns can be discarded."""

import re
from collections.abc import Iterable, Iterator
from operator import attrgetter

from rich.progress import track

from sumida_data.pipelines.wiring import (
    Contents,
    Files,
    Frame,
    Locations,
    Summary,
    UnableError,
    join_nodes,
    makes,
)
from sumida_data.plan.models import ReportedPeriod
from sumida_data.privacy.personal import NameScreen, digest_text, find_kinds
from sumida_data.survey.collecting import kept_readings as kept
from sumida_data.survey.collecting.collection import Collector
from sumida_data.survey.collecting.returns import Return, read_returns
from sumida_data.survey.files import SourceFile
from sumida_data.survey.form import Waves

# A table may hold the parts of an answer, such as payment methods, as texts of their own.
_BETWEEN_PARTS = re.compile(r"[、,，/／・;；\s]+")


@makes("new_kept_readings", "keep_summary")
def keep_readings(
    collector: Collector,
    period: ReportedPeriod,
    survey_returns: Files,
    kept_readings: Files,
    corrections: Frame,
    locations: Locations,
) -> tuple[Contents, Summary]:
    """Read the returns and keep what may be kept of a quarter.

    All quarters are read: a name on a cover of this one may be in an answer of another.
    """
    name = period.root
    asked = _list_asked(name, collector.waves, survey_returns)
    read = read_returns(collector.reader, collector.waves, asked)
    present = [one for _, one in zip(track(asked, "調査票を読んでいます"), read, strict=True)]
    before, partly_there = kept.choose_discarded(kept.restore_readings(kept_readings), present)
    _refuse_loss(name, partly_there, locations["kept_readings"])
    screen = NameScreen(frozenset().union(*(one.personal_texts for one in present)))
    returns = sorted([*before, *present], key=attrgetter("source_file"))
    ours = [one for one in returns if one.period == name]
    of_quarter = {one: file for one, file in kept_readings.items() if _period_of(one) == name}
    named = kept.list_named_texts(of_quarter)
    texts = {*_list_texts(returns), *corrections.astype(str).to_numpy().flat}
    named |= set(map(digest_text, filter(screen.finds, texts)))
    content = kept.write_readings(ours, lambda text: screen.finds(text) or bool(find_kinds(text)))
    digests = "".join(f"{one}\n" for one in sorted(named)).encode()
    written = {f"{name}/{kept.READINGS}": content, f"{name}/{kept.NAMED_TEXTS}": digests}
    return written, _summarise(name, len(ours), locations)


def _list_asked(period: str, waves: Waves, survey_returns: Files) -> list[SourceFile]:
    asked = {one: file for one, file in survey_returns.items() if _period_of(one) in waves.root}
    there = sorted(set(map(_period_of, asked)))
    if period not in there:
        allowed = f"書けるのは {'、'.join(there)} です。" if there else ""
        raise UnableError(f"--params=period={period}: この期間の調査票がありません。{allowed}")
    return list(asked.values())


def _period_of(name: str) -> str:
    return name.partition("/")[0]


def _list_texts(returns: Iterable[Return]) -> Iterator[str]:
    """Yield the texts of answers and their parts, and what names their records."""
    for record in (record for returned in returns for record in returned.records):
        yield record.key
        for value in filter(None, (answer.reading.value for answer in record.answers)):
            yield from (value, *_BETWEEN_PARTS.split(value))


def _refuse_loss(period: str, partly_there: Iterable[kept.PartlyThere], folder: str) -> None:
    for one in partly_there:
        if one.period == period and not one.discarded:
            raise UnableError(
                f"{period}: 控えのある調査票{one.kept}件のうち{one.kept - one.present}件が"
                "フォルダにありません。なくした調査票は戻してください。除いたのなら、"
                f"{folder}/{period}/ を消してから、もう一度実行してください。"
            )


def _summarise(period: str, count: int, locations: Locations) -> Summary:
    folder, returns = locations["kept_readings"], locations["survey_returns"]
    lines = [
        f"{period} の調査票{count}件から読み取った内容を {folder}/{period}/ に残しました。"
        "表紙の記入者、内線、メールは入っていません。備考などの本文は、書かれたまま残ります。",
        f"次にすること：{folder}/ の控えをほかの場所にとり、"
        f"{returns}/{period}/ を別の場所へ移して kedro run を実行し、"
        "「公開すると変わるもの」が変わらないことを確かめてから、移した調査票を廃棄してください。",
    ]
    return {"lines": lines, "exit_code": 0}


create_pipeline = join_nodes(__name__)
