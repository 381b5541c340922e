"""Spreadsheets in and out. It knows no feature: rows come out of a file, rows go into one."""
