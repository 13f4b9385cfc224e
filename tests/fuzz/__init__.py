"""Whatever comes from outside is used or refused: no traceback, bounded time and memory.

A plain run takes a few examples that are the same every time; for more, and new ones each time,
`pytest tests/fuzz --hypothesis-profile thorough --timeout 3600`.
"""
