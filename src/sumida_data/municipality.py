"""The municipality whose data these are."""

from pydantic import Field as Described

from sumida_data.metadata import Model


class HomeMunicipality(Model):
    """The municipality whose figures are computed and published.

    Attributes:
        code: Its six-digit code, with check digit.
        name: Its name.
        name_en: Its English name.
        prefecture_name: Its prefecture, which tells municipalities of one name apart.
        office: The office that asks the departments and publishes the figures.
    """

    code: str = Described(pattern=r"^\d{6}$")
    name: str
    name_en: str
    prefecture_name: str
    office: str
