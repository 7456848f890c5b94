"""Overlays as a Raspberry Pi's boot loader applies them: config.txt, parameters, its own merge."""
