"""Spreadsheets in and out: the only home of Excel.

Reading what an analyst uploads takes three calls:

>>> from workbooks.reading import read
>>> from workbooks.layouts import propose
>>> from workbooks.extracting import extract
>>> workbook = read(data, "partner.xlsx")        # bytes -> Workbook, or a Workbook with a refusal
>>> proposal = propose(workbook)                 # Workbook -> one Layout for each sheet with criteria
>>> extraction = extract(workbook, proposal)     # -> RawCriterion rows, a summary of each sheet, Problems

and one more gives the analyst the file back with every problem marked:

>>> from workbooks.annotating import annotate
>>> data = annotate(workbook, extraction.problems)

Nothing in an uploaded file makes these functions raise: each fault is a `Problem` whose code has its
paragraph in `problem_codes.yaml`. The file itself is parsed in a child process with limits on memory,
time and files (`workbooks.reading`), so a hostile file can at worst kill that child.
"""
