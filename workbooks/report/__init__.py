"""The Excel gap report that negotiators take to the table.

>>> from workbooks.report import check_writable, write_report
>>> check_writable("report.xlsx")                         # before the work: says what is wrong with the path
>>> write_report(comparison, library, "report.xlsx")      # for our own side
>>> write_report(comparison, library, "shared.xlsx", audience="partner", marking="RELEASABLE")

`sheet` holds what every workbook needs (safe texts, row heights, links, print set-up); each other
module writes one sheet, or holds what several share.
"""

from workbooks.report.publishing import NotWritable, check_writable
from workbooks.report.writing import MARKINGS, write_report

__all__ = ["MARKINGS", "NotWritable", "check_writable", "write_report"]
