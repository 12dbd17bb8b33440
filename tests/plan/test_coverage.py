from datetime import date

from sumida_data.base.frames import build_frame
from sumida_data.base.metadata import DataDictionary
from sumida_data.plan.coverage import Coverage, measure_coverage
from sumida_data.survey.form import Form, Wave, Waves


def test_a_sheet_counts_only_the_departments_that_it_is_for(
    form: Form, dictionary: DataDictionary
) -> None:
    wave = Wave(
        due_on=date(2023, 4, 14),
        departments="all",
        sheets={"手続": "all", "標準化": ("1203", "1204")},
    )
    statuses = {"1201": "received", "1202": "no_change", "1203": "received", "1204": "not_received"}
    response = build_frame(
        dictionary["response"],
        [
            {
                "municipality_code": "131075",
                "period": "FY2022Q4",
                "department_code": code,
                "response_status": status,
            }
            for code, status in [*statuses.items(), ("1203", "superseded"), (None, "set_aside")]
        ],
    )
    coverage = measure_coverage(form, Waves({"FY2022Q4": wave}), response)
    assert coverage["131075", "FY2022Q4", "procedure"] == Coverage(asked=4, answered=3)
    assert coverage["131075", "FY2022Q4", "standardization"] == Coverage(asked=2, answered=1)
    assert coverage["131075", "FY2022Q4", "training"] == Coverage(asked=0, answered=0)
