"""The national rules for tables that machines can read, as checks of what we publish and receive.

Source: デジタル庁「行政データにおける機械可読性に関するルール」, 31 March 2026: thirty rules
in three levels.
"""
