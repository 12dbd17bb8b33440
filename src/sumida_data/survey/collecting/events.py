"""The events of a fiscal year that departments have listed so far."""

from collections import defaultdict

from sumida_data.base.periods import Period
from sumida_data.survey.collecting.returns import Return
from sumida_data.survey.findings import FindingRules, Kind
from sumida_data.survey.form import Form


class Events:
    """Remembers the events of each department while the quarters go by in order.

    A return lists all events since 1 April. One that an earlier return listed still counts, so
    one that was renamed, given another day or withdrawn counts as well until that return is
    mended: nobody but the department knows which it is.
    """

    def __init__(self, form: Form, rules: FindingRules) -> None:
        """Begin without events.

        Args:
            form: The form, which says what is an event.
            rules: The finding rules.
        """
        self._rules = rules
        self._tables = {part.table for part in form.answer_sheets if part.kind == "events"}
        self._listed: defaultdict[tuple[str, int], dict[tuple[str, str], str]] = defaultdict(dict)

    def update(self, code: str, returned: Return) -> None:
        """Take a return and report the events of the year that it lists no more.

        Args:
            code: The department.
            returned: Its return of a later quarter than all before; takes the findings. A table
                that it lacks, or of which a row could not be read, lists nothing for certain.
        """
        listed = self._listed[code, Period.parse(returned.period).fiscal_year]
        now = {
            (record.table, record.key): record.answers[0].sheet
            for record in returned.records
            if record.table in self._tables
        }
        if not returned.says_no_change:
            gone = sorted(listed.keys() - now.keys())
            for table, key in (one for one in gone if one[0] in returned.whole_tables):
                words = {"sheet": listed[table, key]}
                returned.report(self._rules[Kind.EVENT_GONE], key.replace("|", " "), **words)
        listed.update(now)
