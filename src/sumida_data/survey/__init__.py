"""The survey: the form as data, reading returned workbooks, answers and findings."""
