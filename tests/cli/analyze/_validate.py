"""_validate.py SCHEMA REPORT... - the schema is a schema, and each report follows it."""
import json
import sys

import jsonschema

with open(sys.argv[1]) as f:
    schema = json.load(f)
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
wrong = 0
for path in sys.argv[2:]:
    with open(path) as f:
        report = json.load(f)
    for error in validator.iter_errors(report):
        wrong += 1
        print(f"{path}: {'/'.join(map(str, error.absolute_path))}: {error.message[:200]}")
sys.exit(1 if wrong else 0)
