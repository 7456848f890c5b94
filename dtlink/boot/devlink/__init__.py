"""What the kernel's fw_devlink makes of a devicetree: links, cycles, and who waits for whom."""
