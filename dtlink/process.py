"""What this process is for; decided before other modules of dtlink are imported."""

#: Whether it is the command, which has enumerations and names of typing of its own
#: (:mod:`dtlink.enums`, :mod:`dtlink.typed`): those of the standard library take long to import.
#: A program that imports dtlink has those of the standard library.
is_command = False
