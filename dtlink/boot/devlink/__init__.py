"""What the kernel's fw_devlink makes of a devicetree: links, cycles, and which devices wait."""
