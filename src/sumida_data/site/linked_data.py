"""A dataset in the words of schema.org, for search engines."""

from typing import Any

from sumida_data.site.published import PublishedDataset


def describe_linked_data(dataset: PublishedDataset) -> dict[str, Any]:
    """Return the dataset as JSON-LD whose addresses are relative to the dataset's page."""
    described = dataset.descriptor
    temporal = described["sumida:temporal"]
    publisher = {"@type": "GovernmentOrganization", "name": described["contributors"][0]["title"]}
    return {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "@id": f"urn:uuid:{described['id']}",
        "name": described["title"],
        "alternateName": described["sumida:titleEn"],
        "description": described["description"],
        "keywords": described["keywords"],
        "version": described["version"],
        "license": described["licenses"][0]["path"],
        "isAccessibleForFree": True,
        "inLanguage": "ja",
        "temporalCoverage": f"{temporal['start'] or '..'}/{temporal['end'] or '..'}",
        "creator": publisher,
        "publisher": publisher,
        "creditText": "、".join(one["sumida:attribution"] for one in described["sources"]),
        "distribution": [
            {
                "@type": "DataDownload",
                "name": one.title,
                "encodingFormat": one.format,
                "contentSize": f"{one.size} B",
                "sha256": one.sha256,
                "contentUrl": f"latest/{one.path}",
            }
            for one in dataset.downloads
        ],
    }
