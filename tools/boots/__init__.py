"""Proof that what ``dtlink modules`` prints boots, with Debian's kernels in QEMU."""
