"""Which returns arrive in a quarter, and what is wrong with them on purpose."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sumida_data.base.periods import Period
from sumida_data.sample.handwriting import Hand
from sumida_data.sample.models import Sample, SamplePeriod
from sumida_data.sample.seeded import seeded_random
from sumida_data.sample.ward import Record, count_staff, count_trainees, list_records
from sumida_data.sample.workbook import Layout, write_return
from sumida_data.survey.departments import Department
from sumida_data.survey.form import Form, Wave, Waves

Answers = dict[str, list[Record]]


def make_returns(
    sample: Sample, form: Form, waves: Waves, departments: Sequence[Department]
) -> dict[str, bytes]:
    """Make the returns of all quarters of the sample.

    Args:
        sample: The sample data's settings.
        form: The survey form, which the returns follow.
        waves: Who is asked for which sheets; quarters without an inquiry have no returns.
        departments: All departments of all times.

    Returns:
        Workbooks by path below the survey folder, such as ``FY2022Q3/1203_税務課_調査票.xlsx``.
    """
    returns: dict[str, bytes] = {}
    for name, settings in sample.periods.items():
        if wave := waves.root.get(name):
            inquiry = _Inquiry(sample, settings, form.asked_in(name), Period.parse(name), wave)
            returns |= dict(inquiry.collect(departments))
    return returns


@dataclass(frozen=True)
class _Inquiry:
    """One quarter's inquiry and what comes back."""

    sample: Sample
    settings: SamplePeriod
    form: Form
    period: Period
    wave: Wave

    def collect(self, departments: Sequence[Department]) -> Iterator[tuple[str, bytes]]:
        asked = [
            department
            for department in departments
            if department.exists_on(self.period.last_day) and self.wave.asks(department.code)
        ]
        staff = count_staff(self.sample.seed, [department.code for department in asked])
        trained = count_trainees(self.settings.training_rate, staff)
        for department, *training in zip(asked, staff, trained, strict=True):
            if not self.settings.has_flaw("no_reply", department.code):
                yield from self._reply(department, training)

    def _reply(
        self, department: Department, training: Sequence[int]
    ) -> Iterator[tuple[str, bytes]]:
        random = seeded_random(self.sample.seed, "reply", self.period, department.code)
        answered_on = self.wave.due_on - timedelta(days=random.randrange(8))
        name = f"{self.period}/{department.code}_{department.section}_調査票"
        respondent = random.choice(self.sample.respondents)
        cover = self._fill_cover(department, respondent, answered_on)
        if self.settings.has_flaw("sent_twice", department.code):
            earlier = cover | {"answered_on": answered_on - timedelta(days=2)}
            old = self._answer(department, training, self.period.previous.last_day)
            yield f"{name}.xlsx", self._write(department, earlier, old)
            name += "_修正"
        answers = self._answer(department, training, self.period.last_day)
        self._spoil(department, cover, answers)
        yield f"{name}.xlsx", self._write(department, cover, answers)

    def _fill_cover(self, department: Department, respondent: str, answered_on: date) -> Record:
        return {
            "stated_period": self.period.title,
            "reference_date": self.period.last_day,
            "division": department.division,
            "section": department.section,
            "department_code": department.code,
            "respondent": respondent,
            "extension": f"00{department.code[2:]}",
            "email": f"mihon-{department.code}@example.jp",
            "answered_on": answered_on,
            "no_change": "非該当",
        }

    def _answer(self, department: Department, training: Sequence[int], day: date) -> Answers:
        answers = {
            part.table: list_records(part, department.code, day)
            for part in self.form.answer_sheets
            if part.sheet in self.wave.sheets_for(department.code) and part.layout == "rows"
        }
        expected, trained = training
        answers["security_training"] = [{"trainees_expected": expected, "trainees": trained}]
        return answers

    def _spoil(self, department: Department, cover: Record, answers: Answers) -> None:
        if self.settings.has_flaw("no_code", department.code):
            cover["department_code"] = None
        if self.settings.has_flaw("text_for_number", department.code):
            answers["procedure"][-1]["annual_cases"] = "たくさん"
        if self.settings.has_flaw("no_change", department.code):
            cover["no_change"] = "該当"
            for part in self.form.answer_sheets:
                if part.kind == "stock":
                    answers[part.table] = []

    def _write(self, department: Department, cover: Record, answers: Answers) -> bytes:
        hand = Hand(self.sample.seed, department.code, str(self.period))
        layout = Layout(self.sample, self.form, self.wave.sheets_for(department.code))
        return write_return(layout, hand, {self.form.cover.table: [cover], **answers})
