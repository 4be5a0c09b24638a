"""Assignments: hand them out, grade what comes back in a sandbox, collect, export and return the marks.

Nothing that a student writes runs outside of a sandbox, and only plain data come out of it: ``python -m d2lcnn grading
--help`` lists the steps. What an exercise asks is in `d2lcnn.exercises`, as for readers.
"""
