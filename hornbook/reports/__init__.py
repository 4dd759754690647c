"""What is found, and how it is told: one shape for terminal and page.

finding    one thing that is amiss with data or a training
table      rows of cells under their heads
section    a heading with what stands under it
page       sections as one HTML file
"""
