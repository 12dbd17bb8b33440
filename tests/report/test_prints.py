"""The council's papers as PDF and DOCX: they say what their pages say, and the same twice."""

import base64
import re
import zlib
from io import BytesIO
from zipfile import ZipFile

import docx
import pytest
from docx.enum.section import WD_ORIENT
from docx.shared import RGBColor
from lxml import html
from openpyxl import load_workbook

from sumida_data.report.papers import render_pages
from sumida_data.report.prints import print_papers

BRIEFING = "briefing_electronic_approval_rate"


@pytest.fixture
def pages(report):
    return render_pages(report)


def list_charts(report):
    return {one.indicator.indicator_id: one.chart for one in report.indicators}


@pytest.fixture
def printed(pages, report):
    return print_papers(pages, list_charts(report))


def squeeze(text):
    """Leave out what only parts words and lines."""
    return re.sub(r"\s", "", text)


def read_pdf(content):
    """Return the texts that a PDF shows in Japanese letters, in their order."""
    shown = []
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", content, re.DOTALL):
        data = zlib.decompress(base64.a85decode(b"<~" + stream.strip(), adobe=True))
        for text in re.findall(rb"\(((?:\\.|[^\\()])*)\) Tj", data, re.DOTALL):
            plain = re.sub(
                rb"\\([0-7]{3}|.)", lambda found: _unescape(found[1]), text, flags=re.DOTALL
            )
            shown.append(plain.decode("utf-16-be"))
    return "".join(shown)


def _unescape(escaped):
    named = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
    return bytes([int(escaped, 8)]) if escaped.isdigit() else named.get(escaped, escaped)


def read_docx(content):
    document = docx.Document(BytesIO(content))
    texts = [one.text for one in document.paragraphs]
    texts += [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "".join(texts)


def list_texts(page):
    """Return what each paragraph, list item and cell of a page says."""
    body = html.document_fromstring(page).body
    return [squeeze(one.text_content()) for one in body.iter("p", "h1", "h2", "li", "th", "td")]


class TestPrints:
    def test_every_paper_has_both_and_the_report_for_the_screen_none(self, pages, printed):
        assert "progress_report.html" in pages
        papers = ("council_paper", BRIEFING)
        assert set(printed) == {f"{name}.{form}" for name in papers for form in ("pdf", "docx")}

    @pytest.mark.parametrize("name", ["council_paper", BRIEFING])
    def test_they_say_every_word_of_their_page(self, pages, printed, name):
        texts = list_texts(pages[f"{name}.html"])
        assert len(texts) > 20
        for form, read in (("pdf", read_pdf), ("docx", read_docx)):
            said = squeeze(read(printed[f"{name}.{form}"]))
            assert [text for text in texts if text not in said] == []

    def test_what_is_behind_without_a_path_is_printed_without_its_table(
        self, make_frames, make_report, make_value, value_rows
    ):
        incident = make_value("serious_incidents", "FY2022Q3", "1")
        report = make_report(make_frames([*value_rows[:-1], incident]))
        printed = print_papers(render_pages(report), list_charts(report))
        assert "どれだけ足りないか" not in read_docx(printed["briefing_serious_incidents.docx"])

    def test_they_are_the_same_twice(self, pages, report, printed):
        assert print_papers(pages, list_charts(report)) == printed

    def test_a_pdf_holds_no_font_and_has_the_size_of_its_page(self, printed):
        content = printed["council_paper.pdf"]
        assert b"/FontFile" not in content
        assert b"/HeiseiKakuGo-W5" in content
        assert len(content) < 20_000
        [box] = set(re.findall(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", content))
        assert float(box[0]) > float(box[1])

    def test_the_chart_stands_in_the_pdf_and_one_of_word_in_the_docx(self, printed):
        shown = read_pdf(printed[f"{BRIEFING}.pdf"])
        assert "目標 100%" in shown
        assert "R8.3.31" in shown
        with ZipFile(BytesIO(printed[f"{BRIEFING}.docx"])) as parts:
            page, chart = (
                parts.read(f"word/{name}.xml").decode() for name in ("document", "charts/chart")
            )
            book = load_workbook(BytesIO(parts.read("word/embeddings/chart.xlsx")))
        assert re.search('descr="[^"]*の100%まで。', page)
        assert chart.count("<c:ser>") == 3
        assert "計画線" in chart
        assert [cell.value for cell in book.active[1]][1:] == ["計画線", "値", "目標値"]

    def test_word_finds_headings_and_repeats_those_of_the_table(self, printed):
        document = docx.Document(BytesIO(printed["council_paper.docx"]))
        styles = [one.style.name for one in document.paragraphs]
        assert styles.count("Heading 1") == 1
        assert "List Bullet" in styles
        assert document.sections[0].orientation == WD_ORIENT.LANDSCAPE
        rows = document.tables[0].rows
        assert [bool(row._tr.xpath(".//w:tblHeader")) for row in rows][:2] == [True, False]
        assert [bool(row._tr.xpath(".//w:shd")) for row in rows][:2] == [True, False]
        assert {run.font.color.rgb for run in document.paragraphs[0].runs} == {
            RGBColor(0x4A, 0x56, 0x65)
        }
