"""The PCI functions of a machine, as ``lspci`` or ``/sys/bus/pci`` shows them."""
