"""Pages for people: one module for each area, with its templates and scripts."""
