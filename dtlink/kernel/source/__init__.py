"""Making an index of the kernel's source: compatible, source file, Makefile, Kconfig symbol.

``objects`` follows the Makefiles (``makefiles``) and finds the modules of each file,
and under which symbols. ``text`` takes a source file apart into stretches of code and the
conditions that apply to it, ``macros`` expands the macros that hide tables, ``tables`` finds the
tables and what uses them. ``collect`` puts both together, ``write`` makes the file. All speak of
``conditions`` in one form.
"""
