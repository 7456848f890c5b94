"""What a machine reported: boot logs, sysfs, and how that compares with the prediction."""
