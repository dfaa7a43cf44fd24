"""Holds Kubernetes objects (YAML on standard input) against the schemas that Kubernetes publishes; prints how many were valid.

Unknown keys are errors."""
import sys

import kubernetes_validate
import yaml

valid = 0
for item in yaml.safe_load_all(sys.stdin):
    kubernetes_validate.validate(item, "1.31", strict=True)
    valid += 1
print(valid)
