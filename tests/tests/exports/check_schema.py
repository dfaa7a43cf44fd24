"""check_schema.py SCHEMA.json: holds documents (standard input) against a schema; prints how many were valid.

YAML, and so JSON too, one document or several; or one of TOML. What a schema of Kubernetes does not name is an error, as for `kubectl --validate=strict`."""
import json
import re
import sys

import jsonschema
import yaml

try:
    import tomllib
except ImportError:  # before Python 3.11
    import tomli as tomllib

FREE = "x-kubernetes-preserve-unknown-fields"


def is_foreign(key, value):
    """An expression of RE2 that Python has not."""
    try:
        return key == "pattern" and isinstance(value, str) and not re.compile(value)
    except re.error:
        return True


def camel(value):
    """Landlockconfig has one schema: a key of TOML, `handled_access_fs`, is `handledAccessFs` in it."""
    if isinstance(value, list):
        return [camel(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {re.sub("_([a-z])", lambda found: found[1].upper(), key): camel(item) for key, item in value.items()}


def closed(schema):
    """The same schema, in which an object has no other keys than those that are named."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: closed(value) for key, value in schema.items() if not is_foreign(key, value)}
    if schema.get("type") == "object" and "properties" in schema and not schema.get(FREE):
        made.setdefault("additionalProperties", False)
    return made


def documents(text):
    try:
        return [camel(tomllib.loads(text))]
    except tomllib.TOMLDecodeError:
        return list(yaml.safe_load_all(text))


with open(sys.argv[1], encoding="utf-8") as file:
    schema = json.load(file)
if "$schema" not in schema:
    # The server itself knows these two; a CRD leaves `metadata` open.
    metadata = {"type": "object", "properties": {"name": {"type": "string", "pattern": "^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"}}}
    schema["properties"]["metadata"] = metadata
    schema = closed(schema)
checker = jsonschema.validators.validator_for(schema)
checker.check_schema(schema)
valid = documents(sys.stdin.read())
for document in valid:
    checker(schema).validate(document)
print(len(valid))
