"""The command line: one file per noun. Human text on stderr, data on stdout."""
