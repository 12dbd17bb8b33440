"""From the form's description and last quarter's answers to blank forms."""

from sumida_data.base.frames import read_rows
from sumida_data.base.periods import Period
from sumida_data.pipelines.wiring import (
    Contents,
    Files,
    Frame,
    Locations,
    Rows,
    Summary,
    UnableError,
    join_nodes,
    makes,
)
from sumida_data.plan.models import Plans, ReportedPeriod
from sumida_data.survey import blank_form as blank
from sumida_data.survey.collecting.collection import Collector
from sumida_data.survey.form import Waves


@makes("last_answers")
def find_last_rows(
    known_answers: Frame | None, survey_returns: Files, waves: Waves, period: ReportedPeriod
) -> Rows:
    """Return what departments answered in the stock sheets of earlier quarters.

    Invented answers whose files are gone are none.
    """
    known = [] if known_answers is None else read_rows(known_answers)
    if not any(row["sample"] and row["source_file"] in survey_returns for row in known):
        known = [row for row in known if not row["sample"]]
    name = period.choose(waves.listed)
    came = {path.partition("/")[0] for path in survey_returns} & waves.root.keys()
    earlier = _find_before(name, came)
    if earlier > _find_before(name, {row["period"] for row in known}):
        raise UnableError(
            f"{Period.parse(earlier).title}の調査票をまだ読み取っていないため、前回の回答を調査票に"
            "写せません。先に kedro run を実行してください。"
        )
    return known


def _find_before(name: str, periods: set[str]) -> str:
    return max((one for one in periods if one < name), default="")


@makes("blank_forms", "forms_summary")
def write_forms(
    collector: Collector,
    plans: Plans,
    period: ReportedPeriod,
    last_answers: Rows,
    locations: Locations,
) -> tuple[Contents, Summary]:
    """Write a form for each department asked."""
    waves = collector.waves
    name = period.choose(waves.listed)
    if name not in waves.root:
        raise UnableError(
            f"--params=period={name}: この期間の照会の設定がありません。"
            f"waves.yml にあるのは {'、'.join(sorted(waves.root))} です。"
        )
    sample = any(row["sample"] for row in last_answers)
    form, wave, owned = collector.reader.form, collector.find_wave(name), plans.list_owned(name)
    inquiry = blank.Inquiry(form, Period.parse(name), wave, sample, owned)
    last, changes = blank.find_last_answers(last_answers, name), collector.successions
    forms = {}
    for code, one in collector.list_departments(name).items():
        if inquiry.wave.asks(code):
            answers = blank.inherit_answers(last, code, changes, inquiry.period.last_day)
            content = blank.write_blank_form(inquiry, one, answers)
            forms[f"{name}/{code}_{one.section}_調査票.xlsx"] = content
    lines = [
        *["見本データが残っているため、調査票は見本です。課に送らないでください。"] * sample,
        *filter(None, [waves.explain(name)]),
        *["前回の回答がないため、何も写していません。"] * (not last),
        f"{inquiry.period.title}の調査票を{len(forms)}課分、"
        f"{locations['blank_forms']}/{name}/ に作りました。",
        "次にすること：各課に送り、届いた調査票を "
        f"{locations['survey_returns']}/{name}/ に入れて、kedro run を実行してください。",
    ]
    return forms, {"lines": lines, "exit_code": 0}


create_pipeline = join_nodes(__name__)
