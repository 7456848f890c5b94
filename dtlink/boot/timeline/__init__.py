"""When each device can probe in one kernel, what holds it back, and what takes it down."""
