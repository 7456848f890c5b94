"""Findings over many builds: what saved reports of ``lint`` show one after the other."""
