"""The HTTP interface for programs and, later, pages for people."""
