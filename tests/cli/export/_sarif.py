"""Validates SARIF files against the 2.1.0 schema: _sarif.py SCHEMA FILE..."""
import json
import sys

import jsonschema

schema = json.load(open(sys.argv[1]))
validator = jsonschema.validators.validator_for(schema)(schema)
bad = 0
for name in sys.argv[2:]:
    for error in validator.iter_errors(json.load(open(name))):
        bad += 1
        print(name, list(error.path), error.message[:300])
sys.exit(bad != 0)
