"""sbom.py FILE...: each is CycloneDX 1.6 by the published schema, is read by the project's own library, and names packages canonically."""

import json
import sys

from cyclonedx.model.bom import Bom
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

for path in sys.argv[1:]:
    text = open(path, encoding="utf-8").read()
    error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    assert error is None, f"{path}: {error}"
    document = json.loads(text)
    bom = Bom.from_json(document)
    packages = [c for c in document["components"] if "purl" in c]
    assert len(bom.components) == len(document["components"]), path
    for package in packages:
        url = PackageURL.from_string(package["purl"])
        assert url.to_string() == package["purl"], f"{path}: {package['purl']} is not canonical"
        assert (url.name, url.version) == (package["name"], package.get("version")), path
        assert url.namespace == package.get("group"), path
    broken = json.loads(text)
    broken["components"][0]["type"] = "nonsense"
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(broken)) is not None
    print(len(packages), "packages,", len(document["components"]) - len(packages), "files")
