"""A package in the words of schema.org, by which search engines find data sets."""

from sumida_data.packages.descriptor import Descriptor


def describe_dataset(descriptor: Descriptor) -> Descriptor:
    """Describe a package as a ``Dataset``: a whole JSON-LD document with its own context.

    Args:
        descriptor: The package with its resources.
    """
    publisher = {
        "@type": "GovernmentOrganization",
        "name": descriptor["contributors"][0]["title"],
        "alternateName": descriptor["sumida:publisherEn"],
        "url": {"@id": descriptor["homepage"]},
    }
    temporal = descriptor["sumida:temporal"]
    described = {
        # Not the address of schema.org's own context, which readers would have to fetch.
        "@context": {"@vocab": "https://schema.org/"},
        "@id": descriptor["sumida:latest"].removesuffix("latest/"),
        "@type": "Dataset",
        "identifier": descriptor["id"],
        "name": descriptor["title"],
        "alternateName": descriptor["sumida:titleEn"],
        "description": descriptor["description"],
        "url": {"@id": descriptor["sumida:latest"]},
        "version": descriptor["version"],
        "keywords": descriptor["keywords"],
        "license": {"@id": descriptor["licenses"][0]["path"]},
        "creator": publisher,
        "publisher": publisher,
        "inLanguage": "ja",
        "isAccessibleForFree": True,
        "creditText": descriptor["sumida:citation"],
        "isBasedOn": [source["path"] for source in descriptor["sources"] if "path" in source],
        "temporalCoverage": f"{temporal['start']}/{temporal['end']}" if temporal["start"] else "",
        "dateModified": temporal["end"],
        "spatialCoverage": {
            "@type": "AdministrativeArea",
            "name": descriptor["sumida:spatial"]["name"],
            "identifier": descriptor["sumida:spatial"]["code"],
        },
        "variableMeasured": _list_variables(descriptor),
        "distribution": [
            {
                "@type": "DataDownload",
                "name": resource["title"],
                "contentUrl": {"@id": f"{descriptor['sumida:latest']}{resource['path']}"},
                "encodingFormat": resource["mediatype"],
                "contentSize": f"{resource['bytes']} B",
                "sha256": resource["hash"].removeprefix("sha256:"),
            }
            for resource in descriptor["resources"]
        ],
    }
    return {key: value for key, value in described.items() if value}


def _list_variables(descriptor: Descriptor) -> list[Descriptor]:
    """Return the numbers that the tables hold; columns that say the same stand there once."""
    variables = [
        {
            "@type": "PropertyValue",
            "name": field["title"],
            "alternateName": field["name"],
            "description": field.get("description", ""),
            **({"unitText": field["sumida:unit"]} if "sumida:unit" in field else {}),
        }
        for resource in descriptor["resources"]
        for field in resource.get("schema", {"fields": []})["fields"]
        if field["type"] in ("integer", "number")
    ]
    return [one for number, one in enumerate(variables) if one not in variables[:number]]
