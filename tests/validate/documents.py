"""Validates every XML document of a folder by the official schema of its root element.

Usage: documents.py STANDARDS DOCUMENTS. Prints every finding, and ends with 1 where there is one.
"""

import pathlib
import sys

from lxml import etree

SCHEMAS = {
    "{urn:oasis:names:specification:ubl:schema:xsd:Invoice-2}Invoice": "ubl-2.1/maindoc/UBL-Invoice-2.1.xsd",
    "{urn:iso:std:iso:20022:tech:xsd:pain.001.001.09}Document": "iso20022/pain.001.001.09.xsd",
}


def main(standards: pathlib.Path, documents: pathlib.Path) -> int:
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    schemas = {}
    findings = []
    paths = sorted(documents.glob("*.xml"))
    for path in paths:
        root = etree.parse(path, parser).getroot()
        if root.tag not in SCHEMAS:
            findings.append(f"{path.name}: no schema for {root.tag}")
            continue
        if root.tag not in schemas:
            schemas[root.tag] = etree.XMLSchema(etree.parse(standards / SCHEMAS[root.tag]))
        schema = schemas[root.tag]
        if not schema.validate(root):
            findings.extend(f"{path.name}:{error.line}: {error.message}" for error in schema.error_log)
    for finding in findings:
        print(finding)
    if not findings:
        print(f"{len(paths)} documents are valid")
    return 1 if findings or not paths else 0


if __name__ == "__main__":
    sys.exit(main(*map(pathlib.Path, sys.argv[1:])))
