"""Steps over an exhibit: plan, run, resume."""
