"""What the site says about itself, as data."""

from collections.abc import Mapping

from pydantic import Field as Described

from sumida_data.base.metadata import Model


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

    word: str
    word_en: str
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

    title: str
    title_en: str
    description: str
    days_to_publication: int = Described(ge=0)
    contact: Contact
    glossary: tuple[Term, ...] = ()
    synonyms: tuple[tuple[str, ...], ...] = ()
    english: Mapping[str, str] = Described(default_factory=dict)
