"""The plan as data, its indicators' values and their progress."""
