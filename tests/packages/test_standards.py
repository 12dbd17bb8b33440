"""The same package in the words of CSV on the Web, DCAT-AP 3, schema.org and Atom."""

import hashlib
import json
import socket
from datetime import date
from pathlib import Path
from uuid import UUID
from xml.etree import ElementTree as ET

import pytest
from csvw import CSVW
from pyshacl import validate
from rdflib import RDF, RDFS, Graph, Literal, Namespace, URIRef

from sumida_data.packages.descriptor import describe_catalogue
from sumida_data.packages.models import FREQUENCIES, Packages
from sumida_data.packages.versions import DAY_TO_COME, FeedEntry, write_atom

SHAPES = Path(__file__).with_name("dcat_ap.ttl")
DCAT = Namespace("http://www.w3.org/ns/dcat#")
DCT = Namespace("http://purl.org/dc/terms/")
SCHEMA = Namespace("https://schema.org/")
SPDX = Namespace("http://spdx.org/rdf/terms#")
ATOM = "{http://www.w3.org/2005/Atom}"
HERE = "https://www.city.sumida.lg.jp/kuseijoho/sumida_info/opendata/dx/dataset"

# rdflib's reader of JSON-LD still makes graphs of a class that it has deprecated itself.
pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """Documents that need something from elsewhere fail here as on a closed network."""

    def refuse(*_, **__):
        raise OSError("no network")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture(scope="module")
def names(packages):
    return [package.name for package in packages.packages]


@pytest.fixture(scope="module")
def documents(built, names):
    return [json.loads(built[f"{name}/dcat.jsonld"]) for name in names]


def parse(content):
    return Graph().parse(data=content, format="json-ld")


def find_violations(graph):
    _, report, _ = validate(graph, shacl_graph=Graph().parse(SHAPES))
    result = URIRef("http://www.w3.org/ns/shacl#resultPath")
    return sorted({str(path) for path in report.objects(predicate=result)})


class TestCsvOnTheWeb:
    @pytest.fixture
    def unpacked(self, built, tmp_path):
        for path, content in built.items():
            target = tmp_path / path
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(content)
        return tmp_path

    def test_every_csv_of_every_package_is_valid(self, unpacked, names):
        for name in names:
            group = CSVW(str(unpacked / name / "csv-metadata.json"), validate=True)
            assert group.is_valid, (name, [str(one) for one in group.warnings])

    def test_a_cell_that_breaks_its_promise_is_not_valid(self, unpacked):
        path = unpacked / "online-procedures/procedure.csv"
        text = path.read_text("utf-8")
        assert "1200" in text
        path.write_text(text.replace("1200", "約1200", 1), "utf-8")
        group = CSVW(str(unpacked / "online-procedures/csv-metadata.json"), validate=True)
        with pytest.raises(UserWarning, match="約1200"):
            bool(group.is_valid)

    def test_cells_are_read_with_their_types(self, unpacked):
        group = CSVW(str(unpacked / "dx-indicators/csv-metadata.json"))
        rows = list(group.tables[0])
        assert rows[0]["municipality_code"] == "131075"
        assert str(rows[0]["value"]) == "59.3"
        assert rows[1]["value"] is None
        assert rows[0]["as_of"].date() == date(2023, 1, 31)

    def test_says_titles_units_keys_and_choices(self, built):
        described = json.loads(built["dx-initiatives/csv-metadata.json"])
        effect = described["tables"][1]
        columns = {column["name"]: column for column in effect["tableSchema"]["columns"]}
        assert columns["annual_cases"]["schema:unitText"] == "件"
        assert columns["annual_cases"]["dc:title"][1] == {
            "@value": "Cases a year",
            "@language": "en",
        }
        assert columns["certainty"]["datatype"] == {"base": "string", "format": "実績|見込み"}
        key = effect["tableSchema"]["foreignKeys"][0]
        assert key["reference"]["resource"] == "initiative.csv"
        assert key["columnReference"][-1] == "initiative_name"


class TestDcat:
    def test_every_package_has_what_the_profile_asks_for(self, built, names):
        for name in names:
            assert find_violations(parse(built[f"{name}/dcat.jsonld"])) == [], name

    @pytest.mark.parametrize(
        "lost", ["dct:title", "dct:description", "dct:publisher", "dcat:contactPoint"]
    )
    def test_a_property_that_is_lost_is_found(self, built, lost):
        described = json.loads(built["dx-indicators/dcat.jsonld"])
        del described[lost]
        assert find_violations(parse(json.dumps(described))) == [
            str((DCT if lost.startswith("dct:") else DCAT)[lost.partition(":")[2]])
        ]

    def test_a_distribution_without_its_address_is_found(self, built):
        described = json.loads(built["dx-indicators/dcat.jsonld"])
        del described["dcat:distribution"][0]["dcat:accessURL"]
        assert find_violations(parse(json.dumps(described))) == [str(DCAT.accessURL)]

    def test_distributions_are_the_data_files_with_their_hashes(self, built):
        graph = parse(built["dx-indicators/dcat.jsonld"])
        found = {str(one) for one in graph.subjects(RDF.type, DCAT.Distribution)}
        files = [
            p
            for p in built
            if p.startswith("dx-indicators/") and p.endswith(("csv", "parquet", "xlsx"))
        ]
        assert found == {f"{HERE}/dx-indicators/latest/{path.partition('/')[2]}" for path in files}
        for path in files:
            place = URIRef(f"{HERE}/dx-indicators/latest/{path.partition('/')[2]}")
            checksum = graph.value(graph.value(place, SPDX.checksum), SPDX.checksumValue)
            assert str(checksum) == hashlib.sha256(built[path]).hexdigest()

    def test_says_days_place_and_source(self, built):
        graph = parse(built["mynumber-card/dcat.jsonld"])
        dataset = URIRef(f"{HERE}/mynumber-card/")
        (credit,) = graph.objects(graph.value(dataset, DCT.provenance), RDFS.label)
        assert credit.startswith("出典：総務省「マイナンバーカード交付状況」")
        assert "PDL1.0" in credit
        place = graph.value(dataset, DCT.spatial)
        assert graph.value(place, DCT.identifier) == Literal("131075")

    @pytest.mark.parametrize("word", FREQUENCIES)
    def test_every_word_for_how_often_has_its_authority(self, build, packages, word):
        described = packages.model_dump() | {
            "update_frequency": word,
            "packages": [packages.model_dump()["packages"][2]],
        }
        files = build(Packages.model_validate(described))
        (frequency,) = parse(files["online-consultations/dcat.jsonld"]).objects(
            predicate=DCT.accrualPeriodicity
        )
        assert str(frequency).endswith(f"/authority/frequency/{FREQUENCIES[word].authority}")

    def test_the_whole_catalogue_has_what_the_profile_asks_for(self, documents, packages):
        gone = {
            "name": "old-figures",
            "title": "古い数値",
            "withdrawn_on": "2023-04-01",
            "reason": "調査をやめたため。",
        }
        described = Packages.model_validate(packages.model_dump() | {"withdrawn": [gone]})
        catalogue = describe_catalogue(
            documents, described, "墨田区の行政情報化のデータ", "計画の指標など。"
        )
        graph = parse(json.dumps(catalogue))
        assert find_violations(graph) == []
        old = URIRef(f"{HERE}/old-figures/")
        assert (None, DCAT.dataset, old) in graph
        assert len(list(graph.objects(predicate=DCAT.dataset))) == len(documents) + 1


class TestSchemaOrg:
    def test_is_a_dataset_with_what_search_engines_ask_for(self, built, names):
        for name in names:
            graph = parse(built[f"{name}/schema_org.jsonld"])
            dataset = graph.value(predicate=RDF.type, object=SCHEMA.Dataset)
            assert dataset == URIRef(f"{HERE}/{name}/")
            for wanted in ("name", "description", "license", "creator", "distribution", "version"):
                assert graph.value(dataset, SCHEMA[wanted]) is not None, (name, wanted)

    def test_measures_every_number_with_its_unit(self, built):
        graph = parse(built["online-procedures/schema_org.jsonld"])
        units = {
            str(graph.value(one, SCHEMA.alternateName)): str(graph.value(one, SCHEMA.unitText))
            for one in graph.subjects(RDF.type, SCHEMA.PropertyValue)
        }
        assert units == {"annual_cases": "件", "online_cases": "件"}

    def test_a_number_of_two_tables_keeps_both_descriptions(self, built):
        descriptor = json.loads(built["dx-indicators/datapackage.json"])
        described = [
            field["description"]
            for resource in descriptor["resources"][:6]
            for field in resource["schema"]["fields"]
            if field["name"] == "value"
        ]
        assert len(set(described)) == len(described) == 3
        measured = json.loads(built["dx-indicators/schema_org.jsonld"])["variableMeasured"]
        told = [one["description"] for one in measured if one["alternateName"] == "value"]
        assert told == described
        revisions = [one for one in measured if one["alternateName"] == "revision"]
        assert len(revisions) == 1


class TestAtom:
    def test_has_an_entry_per_version_and_no_clock_time(self, built):
        feed = ET.fromstring(built["online-procedures/changelog.atom"])  # noqa: S314  # our own
        assert feed.find(f"{ATOM}title").text == "墨田区の行政手続のオンライン化状況の変更の記録"
        assert feed.find(f"{ATOM}updated").text == f"{DAY_TO_COME}T00:00:00+09:00"
        (entry,) = feed.findall(f"{ATOM}entry")
        assert entry.find(f"{ATOM}title").text == "第1.0.0版"
        assert entry.find(f"{ATOM}content").text == "最初の版を公開した。"
        assert entry.find(f"{ATOM}link").get("href") == f"{HERE}/online-procedures/1.0.0/"

    def test_a_version_that_names_no_day_still_has_a_moment(self):
        entry = FeedEntry(UUID(int=2), "第1.0.0版", "", "index.html", "")
        written = write_atom(UUID(int=1), "題", "区", ("feed.xml", "index.html"), [entry])
        feed = ET.fromstring(written)  # noqa: S314  # our own
        assert feed.find(f"{ATOM}updated").text == "1970-01-01T00:00:00+09:00"
