"""Making an index of the kernel's source: compatible, source file, Makefile, Kconfig symbol.

``objects`` follows the Makefiles (``makefiles``) and finds the modules of each file,
and under which symbols. ``text`` takes a source file apart into stretches of code and the
conditions that apply to it, ``macros`` expands the macros that hide tables, ``tables`` finds the
tables and what uses them, in a file's ``code``. ``collect`` puts both together, ``write`` makes the
file. All speak of ``conditions`` in one form.

Devices without a node: ``children`` reads which devices the functions of a file make, ``makers``
follows these functions to the drivers that call them, ``bus_names`` finds the names that drivers
bind such devices by. Of these an index has those of devices that some driver makes.
"""
