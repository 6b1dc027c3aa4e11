"""Review: what is looked at first, what one look decides, and what it costs the people who look."""
