"""What is found, and how it is told: one shape for terminal and page.

finding    one thing that is amiss with data or a training
table      rows of cells under their heads
section    a heading with what stands under it
page       sections as one HTML file
report     what is known of data before training on them
view       a picture of a model, or why there is none
"""

from hornbook.reports.finding import Finding
from hornbook.reports.page import Page
from hornbook.reports.report import Report
from hornbook.reports.section import Section
from hornbook.reports.table import Table
from hornbook.reports.view import View

__all__ = ["Finding", "Page", "Report", "Section", "Table", "View"]
