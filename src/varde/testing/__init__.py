"""Public test support: generators of benign material, fakes and conformance suites for what may be added to Varde."""
