"""Rules with owners, the engines that hold tables to them, and the results as data."""
