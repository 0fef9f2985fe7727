"""Conditions of policies, evaluated by PyPI cel-python: what our engine says of them stands in the file CONDITIONS. Where
cel-python is not as CEL's specification says, the case names what it says instead (`cel_python`), and why."""

import json
import os
import sys

import celpy
from celpy import celtypes
from celpy.evaluation import CELEvalError

# What a condition knows by name; everything else of an input is a fact.
NAMES = ["kind", "subject", "action", "team", "service", "environment"]
ENGINE = celpy.Environment()


def evaluate(when, said):
    """True or false, or None where it cannot be evaluated to either."""
    names = {name: said[name] for name in NAMES if name in said}
    facts = {name: value for name, value in said.items() if name not in NAMES and name != "now"}
    known = {name: celpy.json_to_cel(value) for name, value in names.items()}
    known["facts"] = celpy.json_to_cel(names | facts)
    if "now" in said:
        known["now"] = celtypes.TimestampType(said["now"])
    try:
        value = ENGINE.program(ENGINE.compile(when)).evaluate(known)
    except CELEvalError:
        return None
    return bool(value) if isinstance(value, celtypes.BoolType) else None


with open(os.environ["CONDITIONS"], encoding="utf-8") as file:
    cases = json.load(file)
found = [(case, evaluate(case["when"], case["input"])) for case in cases]
different = [f"{case['when']} over {json.dumps(case['input'])}: {value}" for case, value in found if value != case.get("cel_python", case["value"])]
print(f"cel-python: {len(cases)} evaluated, {len(different)} different")
for line in different:
    print(f"  {line}", file=sys.stderr)
sys.exit(bool(different))
