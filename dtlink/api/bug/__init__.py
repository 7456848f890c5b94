"""A report of a wrong finding: what is needed to see it again, and nothing private."""
