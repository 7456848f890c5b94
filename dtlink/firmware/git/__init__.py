"""Files of a commit, read from git's object store: no checkout, nothing written, no filter run."""
