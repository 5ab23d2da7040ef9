"""Benchmarks are run by hand (`make bench-serving`), not collected."""

collect_ignore_glob = ["*.py"]
