"""Checking workbooks before they are sent: for a department, or on a shared drop folder.

A workbook is read just as the quarter's run reads it, but nothing else is needed: neither Kedro
nor a data frame library is imported, so that the answer is there at once.
"""
