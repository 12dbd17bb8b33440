"""Every promise that a descriptor of this project can make has a good file that passes and a bad one that fails."""

import hashlib
import json

import pytest

from sumida_data.quality.data_package import UncheckableError, find_errors, list_constraints


def make_package(schema, rows, path="t.csv", other=None, **resource):
    """A package of one table, and another where ``other`` gives its schema and rows."""
    files, resources = {}, []
    tables = [("t", path, schema, rows), *([("o", "o.csv", *other)] if other else [])]
    for name, file, described, lines in tables:
        content = lines if isinstance(lines, bytes) else "\n".join(lines).encode() + b"\n"
        files[file] = content
        resources.append(
            {
                "name": name,
                "type": "table",
                "path": file,
                "format": file.rpartition(".")[2],
                "bytes": len(content),
                "hash": f"sha256:{hashlib.sha256(content).hexdigest()}",
                "schema": described,
            }
        )
    resources[0] |= resource
    descriptor = {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "p",
        "resources": resources,
    }
    return files | {"datapackage.json": json.dumps(descriptor).encode()}


def a_field(kind="string", constraints=None, **more):
    field = {"name": "a", "type": kind, **more}
    return {"fields": [field | ({"constraints": constraints} if constraints else {})]}


TWO = {"fields": [{"name": "a", "type": "string"}, {"name": "b", "type": "integer"}]}

CASES = [
    ("type integer", a_field("integer"), ["a", "-12", '""'], ["a", "1.5"], "type"),
    ("type integer words", a_field("integer"), ["a", "1"], ["a", "約60"], "type"),
    ("type integer blanks", a_field("integer"), ["a", "1"], ["a", " 1"], "type"),
    ("type number", a_field("number"), ["a", "1.5", "-0.5", "1e3"], ["a", '"1,000"'], "type"),
    ("type date", a_field("date"), ["a", "2022-12-31"], ["a", "2022-02-30"], "type"),
    ("type date words", a_field("date"), ["a", "2022-12-31"], ["a", "2022/12/31"], "type"),
    ("type yearmonth", a_field("yearmonth"), ["a", "2022-12"], ["a", "2022-13"], "type"),
    ("type boolean", a_field("boolean"), ["a", "true", "0"], ["a", "はい"], "type"),
    ("required", a_field(constraints={"required": True}), ["a", "x"], ["a", '""'], "required"),
    ("unique", a_field(constraints={"unique": True}), ["a", "x", "y", '""', '""'], ["a", "x", "x"], "unique"),
    ("unique number", a_field("number", {"unique": True}), ["a", "1", "2"], ["a", "1", "1.0"], "unique"),
    ("enum", a_field(constraints={"enum": ["済", "予定"]}), ["a", "済", '""'], ["a", "済 "], "enum"),
    ("enum integer", a_field("integer", {"enum": [1, 2]}), ["a", "01"], ["a", "3"], "enum"),
    ("categories", a_field(categories=["有", "無"]), ["a", "有"], ["a", "否"], "categories"),
    ("labelled categories", a_field("integer", categories=[{"value": 0, "label": "無"}]), ["a", "0"], ["a", "1"], "categories"),
    ("minimum", a_field("integer", {"minimum": 0}), ["a", "0"], ["a", "-1"], "minimum"),
    ("maximum", a_field("number", {"maximum": 100}), ["a", "100"], ["a", "100.1"], "maximum"),
    ("minimum date", a_field("date", {"minimum": "2022-04-01"}), ["a", "2022-04-01"], ["a", "2022-03-31"], "minimum"),
    ("pattern", a_field(constraints={"pattern": "[0-9]{2}"}), ["a", "12"], ["a", "123"], "pattern"),
    ("missingValues", a_field("integer") | {"missingValues": ["", "-"]}, ["a", "-"], ["a", "x"], "type"),
    ("labelled missingValues", a_field("integer") | {"missingValues": [{"value": "x", "label": "秘匿"}]}, ["a", "x"], ["a", "-"], "type"),
    ("missingValues of a field", a_field("integer", {"required": True}, missingValues=["-"]), ["a", "1"], ["a", "-"], "required"),
    ("no missingValues", a_field(constraints={"required": True}) | {"missingValues": []}, ["a", '""'], ["a"], None),
    ("primaryKey", TWO | {"primaryKey": ["a", "b"]}, ["a,b", "x,1", "x,2"], ["a,b", "x,1", "x,1"], "primaryKey"),
    ("primaryKey missing", TWO | {"primaryKey": ["a"]}, ["a,b", "x,1"], ["a,b", ",1"], "primaryKey"),
    ("uniqueKeys", TWO | {"uniqueKeys": [["a", "b"]]}, ["a,b", "x,1", ",1", ",1"], ["a,b", "x,1", "x,1"], "uniqueKeys"),
    ("fieldsMatch exact", TWO, ["a,b", "x,1"], ["b,a", "1,x"], "fieldsMatch"),
    ("columns in a row", TWO, ["a,b", "x,1"], ["a,b", "x,1,2"], "表として読めません"),
    ("headings once", TWO, ["a,b", "x,1"], ["a,b,b", "x,1,1"], "見出し"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("schema", "good", "bad", "promise"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_a_promise_holds_for_a_good_file_and_is_broken_by_a_bad_one(schema, good, bad, promise):
    assert find_errors(make_package(schema, good)) == []
    errors = find_errors(make_package(schema, bad))
    if promise is None:
        assert errors == []
        return
    assert len(errors) == 1
    assert errors[0].startswith("t.csv: ")
    assert promise in errors[0]


def test_the_first_row_is_named_and_the_others_are_counted():
    rows = ["a", "1", "x", "2", "y", "z"]
    (error,) = find_errors(make_package(a_field("integer"), rows))
    assert error == (
        "t.csv: 3行目: a の「x」は、integer として読めるという約束(type)に合いません(ほか2行)"
    )


class TestForeignKeys:
    SCHEMA = a_field() | {
        "foreignKeys": [{"fields": ["a"], "reference": {"resource": "o", "fields": ["b"]}}]
    }
    OTHER = ({"fields": [{"name": "b", "type": "string"}]}, ["b", "x"])

    def test_values_are_found_in_the_other_table(self):
        assert find_errors(make_package(self.SCHEMA, ["a", "x", '""'], other=self.OTHER)) == []

    def test_an_orphan_is_found(self):
        (error,) = find_errors(make_package(self.SCHEMA, ["a", "x", "y"], other=self.OTHER))
        assert error.startswith("t.csv: 3行目: a の「y」")
        assert "foreignKeys" in error

    def test_a_table_that_is_not_there_is_an_error(self):
        errors = find_errors(make_package(self.SCHEMA, ["a", "x"]))
        assert len(errors) == 1
        assert "foreignKeys" in errors[0]


class TestFiles:
    GOOD = make_package(a_field(), ["a", "x"])

    def test_other_bytes_are_found(self):
        (error,) = find_errors(self.GOOD | {"t.csv": b"a\ny\n"})
        assert "hash" in error

    def test_another_size_is_found(self):
        errors = find_errors(self.GOOD | {"t.csv": b"a\nx\nx\n"})
        assert [word in error for word, error in zip(("bytes", "hash"), errors, strict=True)]
        assert "bytes" in errors[0]

    def test_an_unknown_algorithm_proves_nothing(self):
        assert "hash" in find_errors(make_package(a_field(), ["a", "x"], hash="rot13:aa"))[0]

    def test_a_missing_file_is_found(self):
        files = {"datapackage.json": self.GOOD["datapackage.json"]}
        assert find_errors(files) == ["t.csv: ファイルがありません"]

    def test_a_descriptor_that_is_no_json_or_is_missing_is_found(self):
        assert "JSON" in find_errors({"datapackage.json": b"{"})[0]
        assert "JSON" in find_errors({})[0]

    def test_a_descriptor_without_resources_is_found(self):
        assert "resources" in find_errors({"datapackage.json": b'{"name": "p"}'})[0]

    @pytest.mark.parametrize("rows", ["a\n墨田区\n", "墨田区\nx\n"])
    def test_another_encoding_is_found(self, rows):
        package = make_package(a_field(), rows.encode("cp932"))
        assert "表として読めません" in find_errors(package)[0]

    def test_a_mark_and_line_breaks_in_cells_are_data(self):
        rows = '\ufeffa\n"x\ny"\n'.encode()
        assert find_errors(make_package(a_field(constraints={"pattern": "x\ny"}), rows)) == []


def test_a_promise_that_cannot_be_checked_is_an_error():
    (error,) = find_errors(make_package(a_field("geopoint"), ["a", "x"]))
    assert "確かめられません" in error
    (error,) = find_errors(make_package(TWO | {"fieldsMatch": "equal"}, ["a,b", "x,1"]))
    assert "fieldsMatch" in error
    with pytest.raises(UncheckableError, match="jsonSchema"):
        list(list_constraints(a_field(constraints={"jsonSchema": {}}), "t"))


def test_a_constraint_that_is_switched_off_promises_nothing():
    schema = a_field(constraints={"required": False, "unique": False})
    assert find_errors(make_package(schema, ["a", '""', "x", "x"])) == []
