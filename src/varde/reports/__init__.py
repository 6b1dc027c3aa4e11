"""Reports: what a person hands on about a case. HTML, CSV, VICS 2.0 JSON; one file each, fed by `ReportSource`."""
