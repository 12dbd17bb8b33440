"""The command ``sumida-data quarter``: which steps of a quarter are done, and the status page.

What a run, an approval or a publication has left behind says by itself how far the quarter is. Only
what is done outside, such as sending the forms, is written down by hand, with a name and a day. The
page asks the clock, and is therefore no product of a run.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from functools import cached_property
from hashlib import sha256
from itertools import chain
from operator import itemgetter
from pathlib import Path
from typing import Any, Literal, NamedTuple

import click
import duckdb

from sumida_data.base.characters import name_some
from sumida_data.base.database import connect
from sumida_data.base.disk import is_hidden, replace_file
from sumida_data.base.metadata import Row
from sumida_data.base.periods import Period, format_era_date
from sumida_data.catalogue.approval import Proposal
from sumida_data.catalogue.record import COMPLETES, TargetRecord
from sumida_data.commands.backup import LAST_BACKUP
from sumida_data.commands.project import (
    ProjectError,
    find_project,
    make_option_day,
    name_mistakes,
    option_env,
    read_catalogue,
    read_parameters,
)
from sumida_data.present.words import load_templates
from sumida_data.survey.form import Waves

State = Literal["done", "open", "soon", "late"]
STATES: dict[State, str] = {"done": "済", "open": "未", "soon": "期限が近い", "late": "期限切れ"}
# What is done outside, by the name under which it is written down.
BY_HAND = {
    "送付": "調査票を課に送る",
    "返却": "確認結果を課に返し、直してもらう",
    "確認": "下見、進捗レポート、議会資料を確かめる",
}
_NOTES = "data/state/quarter.jsonl"
_DATABASE = "data/sumida.duckdb"
_PAGE = "data/08_reporting/office_status.html"
_CHANGES = "data/06_catalog/changes.json"
_REGISTERS = "data/01_raw/reference"
_DAYS_BEFORE = 5
_NAMES_SHOWN = 10
_MAILS, _ROUNDS = "data/08_reporting/returns/{}/メール", "data/08_reporting/mails/{}/{}"
_NOT_YET_KNOWN = "集計すると分かる"
_BACKUP_LASTS = timedelta(days=7)
_HELP = """四半期の仕事のうち、済んだもの、残っているもの、期限の過ぎたものを示します。

集計、承認、公開などは、残っている記録から自動で分かります。課に送ったことなど、外でしたことは
--done で記録します。課が公開前の内容を確かめたことは --confirm で記録します。同じ内容の画面を
data/08_reporting/office_status.html に書きます。

--mails は、今日送るメールの下書きを data/08_reporting/mails/期間/日/ に置き、記録します。受領と指摘
のお知らせは1度ずつ、未回答の課への催促は、締切の5日前からと締切の後の2度です。

終了コード：0 急ぐものはない、2 期限の過ぎたものか5日以内に来るものがある、1 調べられない。
"""
# What the last run knows of a quarter: the departments that were asked, and what is left to do.
_FACTS = """
    WITH file AS (FROM response WHERE period = $period AND department_code IS NOT NULL), error AS (
        SELECT department_code, count(*) AS errors
        FROM finding ANTI JOIN (FROM file WHERE response_status = 'superseded') USING (source_file)
        WHERE period = $period AND severity = 'error'
        GROUP BY department_code
    ), one AS (
        SELECT department_code AS code, any_value(section) AS section,
            bool_or(response_status IN ('received', 'no_change')) AS answered,
            bool_or(response_status = 'set_aside') AS unusable,
            NOT (answered OR unusable) AS silent,
            coalesce(any_value(errors), 0) AS errors
        FROM file LEFT JOIN error USING (department_code)
        GROUP BY department_code
    )
    SELECT {
        'departments': (SELECT list(one ORDER BY code) FROM one),
        'corrections': (
            SELECT list(correction_id) FROM correction
            WHERE period = $period AND state IN ('expected_differs', 'not_found')
        ),
        'hints': (
            SELECT list(indicator_title) FROM review_hint WHERE period = $period AND note IS NULL
        ),
        'sources': (
            SELECT list(DISTINCT source) FROM source_file WHERE period = $period AND state = 'read'
        )
    }
"""


class Step(NamedTuple):
    """A step of the quarter: how far it is, what does it or where it is to be done, who did it."""

    title: str
    state: State
    detail: str
    command: str
    due_on: date | None = None
    when: date | None = None
    who: str = ""


class Quarter:
    """A quarter as far as it has come on a day: what was asked, proposed, published and noted."""

    def __init__(self, project: Path, period: str | None, env: str | None, today: date) -> None:
        """Find the quarter that is worked on: the last one that has ended or has returns."""
        self.project, self.today, self.option = project, today, f" --env={env}" * bool(env)
        with name_mistakes(project):
            parameters = read_parameters(project, ("waves", "site", "sources"))
            self.waves = Waves.model_validate(parameters["waves"])
            lasts = timedelta(days=int(parameters["site"]["days_to_publication"]))
            self.sources = {one["source"]: one["title"] for one in parameters["sources"]}
        name = period or self._find_current()
        self.of_period = f" --period={name}" * bool(period)
        self._run = f"kedro run --params=period={name}{self.option}"
        if name not in self.waves.root:
            allowed = "、".join(sorted(self.waves.root))
            raise ProjectError(f"--period {name}: この期間の照会はありません({allowed})。")
        self.period, self.due_on = Period.parse(name), self.waves.root[name].due_on
        self.publication_due = self.due_on + lasts
        target = read_catalogue(project, env, "public_target")["target"]
        record = TargetRecord(project / target["record"])
        self.approvals, self.published = record.approvals, record.publications
        self.cut_off, self.found = record.journal, self._ask_last_run(name)
        self.departments = self.found.get("departments") or []  # those asked
        self.answered = [*filter(itemgetter("answered"), self.departments)]
        content = _read(project / _CHANGES)
        found = Proposal.model_validate_json(content) if content else None
        self.proposal = found if found and found.period == name else None
        lines = map(json.loads, _read(project / _NOTES).splitlines())
        self.notes = [one for one in lines if one["period"] == name]

    def _find_current(self) -> str:
        folder, waves = self.project / "data/01_raw/survey", self.waves.root
        came = {name for name in waves if (folder / name).is_dir()}
        # One that is not listed begins after one that was collected.
        next_ones = {*self.waves.listed, *(str(Period.parse(name).next) for name in came)}
        ended = {one for one in next_ones & {*waves} if Period.parse(one).last_day <= self.today}
        return max(came | ended or {min(waves)})

    def _ask_last_run(self, period: str) -> dict[str, Any]:
        """Return what the last run knows of the quarter; nothing before the first run."""
        if not (path := self.project / _DATABASE).exists():
            return {}
        with connect(path, read_only=True) as database:
            [(found,)] = database.execute(_FACTS, {"period": period}).fetchall()
        return dict(found)

    def write_down(
        self, *, by: str, note: str, done: str | None, confirm: str | None, mails: bool
    ) -> None:
        """Write down that a step was done outside, a confirmation, or the mails of the day."""
        if not by.strip():
            raise ProjectError("--by に、した人の名前を書いてください。")
        said: list[Row] = [{"department": code} for code in self._split(confirm or "")]
        said += [{"step": done}] * bool(done)
        if mails:
            said.append({"mails": self._hand_out()})
        shared = {"period": str(self.period), "on": self.today.isoformat(), "by": by, "note": note}
        lines = [shared | one for one in said]
        self.notes += lines
        text = "".join(f"{json.dumps(one, ensure_ascii=False)}\n" for one in lines)
        replace_file(self.project / _NOTES, _read(self.project / _NOTES) + text.encode())

    def _split(self, codes: str) -> list[str]:
        given = [*filter(None, codes.split(","))]
        for code in {*given} - {one["code"] for one in self.departments}:
            raise ProjectError(f"--confirm {code}: {self.period} に照会した課ではありません。")
        return given

    def _hand_out(self) -> list[str]:
        """Put the mails that are due into a folder; return the hashes of their contents.

        Each is sent once; a request for an answer again when the day has passed.
        """
        if not (drafts := sorted((self.project / _MAILS.format(self.period)).glob("*.eml"))):
            raise ProjectError(f"{self.period} のメールの下書きがありません。先に {self._run}")
        responded = {one["code"] for one in self.departments if not one["silent"]}
        days, handed = (self.due_on - self.today).days, []
        known = {*chain.from_iterable(note.get("mails", ()) for note in self.notes)}
        for path in drafts:
            is_answer, content = path.name.split("_")[0] in responded, path.read_bytes()
            # What goes along may change without anything new to say.
            said = content.split(b"--==")[:2] + [b"late"] * (days < 0 and not is_answer)
            key = sha256(b"".join(said)).hexdigest()
            if key not in known and (is_answer or days <= _DAYS_BEFORE):
                replace_file(self.round / path.name, content, private=True)
                handed.append(key)
        return handed

    @property
    def round(self) -> Path:
        """The folder with the mails of the day."""
        return self.project / _ROUNDS.format(self.period, self.today)

    @property
    def confirmed(self) -> dict[str, dict[str, str]]:
        """By code the departments that have confirmed what is to be public."""
        return {one["department"]: one for one in self.notes if one.get("department")}

    @cached_property
    def steps(self) -> list[Step]:
        """All steps, in the order in which they are done."""
        working = [*self._collect(), self._compute(), *self._check(), *self._publish()]
        return [*self._complete(), *working, *self._end()]

    @property
    def urgent(self) -> list[Step]:
        """The steps whose day has passed or is near."""
        return [step for step in self.steps if step.state in ("soon", "late")]

    def _complete(self) -> Iterator[Step]:
        if begun := self.cut_off:
            what, command = COMPLETES[begun.kind]
            note = f"{begun.published_on} {begun.approval_id}"
            yield Step(f"途中で止まった{what}を終わらせる", "late", note, f"{command}{self.option}")

    def _collect(self) -> Iterator[Step]:
        period, due_on, asked = self.period, self.due_on, self.departments
        made = (self.project / f"data/08_reporting/forms/{period}").rglob("*.xlsx")
        forms = [path for path in made if not is_hidden(path)]
        command = f"kedro run --pipelines=forms --params=period={period}"
        when = max(map(_written_on, forms), default="")
        # Forms are no part of a backup; where answers have come, they were made.
        done = forms or self.answered
        detail = f"{len(forms)}課分" if forms else "この端末にはない"
        yield self._step("調査票を作る", detail, command, done, when=when)
        yield self._by_hand("送付")
        silent = [one["section"] for one in asked if not one["answered"]]
        mails = f"sumida-data quarter{self.of_period} --mails --by 氏名"
        yield self._left("回答を集める", "未回答の課", silent, mails, due_on, known=asked)
        read = self.found.get("sources") or ()
        lacking = [title for source, title in self.sources.items() if source not in read]
        title, where = "国とシステムのファイル", f"data/01_raw/external/<種類>/{period}/ に入れる"
        yield self._left(title, "足りないファイル", lacking, where, due_on, known=self.found)

    def _compute(self) -> Step:
        path, who = self.project / _CHANGES, ""
        when, since = (_written_on(path), path.stat().st_mtime) if self.proposal else ("", 0.0)
        received = (one for one in (self.project / "data/01_raw").rglob("*") if one.is_file())
        newer = sum(not is_hidden(one) and one.stat().st_mtime > since for one in received)
        detail = f"集計の後に来たか直されたファイル{newer}件" if newer else "最新"
        detail = detail if self.proposal else "最後の集計はこの期間のものではない"
        for record in sorted((self.project / "data/state/runs").glob("*.json"))[-1:]:
            run = json.loads(record.read_bytes())
            who = f"{run['account']}({run['machine']['name']})"
        done = self.proposal and not newer
        return self._step("集計する", detail, self._run, done, when=when, who=who)

    def _check(self) -> Iterator[Step]:
        asked, proposal = self.departments, self.proposal
        wrong = [f"{one['section']}({one['errors']})" for one in asked if one["errors"]]
        unusable = [one for one in asked if one["unusable"] and not one["answered"]]
        wrong += [f"{one['section']}(使えない)" for one in unusable]
        where = f"data/08_reporting/returns/{self.period}/"
        yield self._left("指摘を直してもらう", "要修正のある課", wrong, where, known=asked)
        yield self._by_hand("返却")
        where = f"{_REGISTERS}/corrections.csv を直す"
        pending = self.found.get("corrections") or ()
        yield self._left("訂正を片付ける", "当てはまらない訂正", pending, where, known=self.found)
        hints, where = self.found.get("hints") or (), f"{_REGISTERS}/hint_notes.csv に書く"
        yield self._left("確かめたい値に答える", "答えのない値", hints, where, known=asked)
        yield self._by_hand("確認")
        waiting = proposal.pending_revisions if proposal else ()
        title, where = "公表した値の改訂を決める", f"{_REGISTERS}/revisions.csv に書く"
        yield self._left(title, "食い違い", waiting, where, known=proposal)

    def _publish(self) -> Iterator[Step]:
        asked, due_on = self.departments, self.publication_due
        open_ones = [one["section"] for one in self.answered if one["code"] not in self.confirmed]
        command = f"sumida-data quarter{self.of_period} --confirm 課コード --by 氏名"
        yield self._left("課に確かめてもらう", "まだの課", open_ones, command, known=asked)
        content = getattr(self.proposal, "content_sha256", None)
        fit = {one.approval_id: one for one in self.approvals if one.content_sha256 == content}
        detail, when, who = "なし" if self.proposal else _NOT_YET_KNOWN, "", ""
        for one in [*fit.values()][-1:]:
            detail = f"{one.approval_id} 決裁番号{one.decision_number}"
            when, who = one.approved_on, one.approved_by
        command = f"sumida-data approve{self.option}"
        yield self._step("承認を受ける", detail, command, fit, due_on, when=when, who=who)
        # What is public bears its day, which what was approved does not.
        ours = [line for line in self.published[-1:] if line.approval_id in fit]
        detail, when = (ours[0].publication_id, ours[0].published_on) if ours else ("なし", "")
        command = f"kedro run --pipelines=publish{self.option}"
        yield self._step("公開し、読み返す", detail, command, ours, due_on, when=when)

    def _end(self) -> Iterator[Step]:
        kept = _read(self.project / LAST_BACKUP)
        note = json.loads(kept) if kept else {"path": "なし", "made_at": ""}
        when, command = note["made_at"][:10], "sumida-data backup フォルダ"
        done = when and self.today - date.fromisoformat(when) <= _BACKUP_LASTS
        yield self._step("控えをとる", note["path"], command, done, when=when)
        coming, title = self.period.next, "次の期間の照会を決める"
        command = f"waves.yml に {coming} の照会する課、シート、締切日を書く"
        detail = self.waves.explain(str(coming)) or coming.title
        yield self._step(title, detail, command, str(coming) in self.waves.root, coming.last_day)

    def _by_hand(self, name: str) -> Step:
        command = f"sumida-data quarter{self.of_period} --done {name} --by 氏名"
        notes = [note for note in self.notes if note.get("step") == name]
        note = notes[-1] if notes else {"note": "記録なし", "on": "", "by": ""}
        signed = {"when": note["on"], "who": note["by"]}
        return self._step(BY_HAND[name], note["note"], command, notes, **signed)

    def _left(
        self, title: str, what: str, names: Sequence[str], where: str, *due: date, known: object
    ) -> Step:
        """Make a step that is done when nothing is left, once it can be known."""
        listed = name_some(names, _NAMES_SHOWN, "")
        detail = f"{what}{len(names)}：{listed}" if names else f"{what}なし"
        done = known and not names
        return self._step(title, detail if known else _NOT_YET_KNOWN, where, done, *due)

    def _step(
        self, title: str, detail: str, command: str, done: object, *due: date, **signed: str
    ) -> Step:
        state: State = "done" if done else "open"
        for day in () if done else due:
            days = (day - self.today).days
            state = "late" if days < 0 else "soon" if days <= _DAYS_BEFORE else "open"
        when = date.fromisoformat(signed["when"]) if signed.get("when") else None
        who, due_on = signed.get("who", ""), next(iter(due), None)
        return Step(title, state, detail, command, due_on, when, who)


def _read(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


def _written_on(path: Path) -> str:
    return date.fromtimestamp(path.stat().st_mtime).isoformat()


@click.command(help=_HELP)
@click.option(
    "--period", metavar="期間", help="期間(FY2022Q3など)。書かなければ今の仕事の期間です。"
)
@option_env
@make_option_day("この日に見たものとします")
@click.option(
    "--done", type=click.Choice([*BY_HAND]), help=f"済んだこと({'、'.join(BY_HAND)})を記録します。"
)
@click.option(
    "--confirm",
    metavar="課コード",
    help="課が公開前の内容を確かめたことを記録します(1203,1204 のように続けて書けます)。",
)
@click.option("--mails", is_flag=True, help="今日送るメールの下書きを置き、記録します。")
@click.option("--by", default="", metavar="氏名", help="した人、確かめた人の名前。")
@click.option("--note", default="", metavar="覚え書き", help="一緒に残す覚え書き。")
def quarter(period: str | None, env: str | None, day: datetime, **said: Any) -> None:
    """Show the checklist, write the status page, and write down what was done outside."""
    try:
        one = Quarter(find_project(), period, env, day.date())
        if said["done"] or said["confirm"] or said["mails"]:
            one.write_down(**said)
        last = one.published[-1] if one.published else None
        sample = bool(one.proposal and one.proposal.sample)
        page = load_templates("report").get_template("office_status.html")
        text = page.render(is_sample=sample, quarter=one, states=STATES, last=last)
        replace_file(one.project / _PAGE, text.encode())
    except (duckdb.Error, ValueError) as error:
        raise click.ClickException(f"記録を読めません。{error}") from error
    if said["mails"]:
        count = len(one.notes[-1]["mails"])
        click.echo(
            f"今日送るメール{count}通を {one.round} に置きました。宛先を書いて送ってください。\n"
        )
    for line in describe(one):
        click.echo(line)
    sys.exit(2 if one.urgent else 0)


def describe(one: Quarter) -> Iterator[str]:
    """Yield the checklist line by line; what is urgent comes first, as a mail would say it."""
    if urgent := one.urgent:
        titles = "、".join(step.title for step in urgent)
        yield f"件名：【要対応】{one.period.title}の調査：{titles}\n"
    yield f"{one.period.title}({one.period})　{format_era_date(one.today)}現在"
    for step in one.steps:
        due = f"　期限{format_era_date(step.due_on)}" if step.due_on else ""
        yield f"［{STATES[step.state]}］{step.title}{due}　{step.detail}".rstrip()
        if step.state != "done":
            yield f"    → {step.command}"
        elif step.who or step.when:
            yield f"    {step.when or ''} {step.who}".rstrip()
    yield f"同じ内容の画面：{_PAGE}"
