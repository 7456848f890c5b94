"""What the user sets down in a file: which rules, which kernel, what is acceptable.

:func:`~dtlink.config.resolve.settings_of` gives what holds for an input,
:func:`~dtlink.config.apply.apply` what that makes of its findings.
"""
