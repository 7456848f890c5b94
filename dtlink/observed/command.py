"""How a board reports its device links where only a shell is there."""

#: The command that a user runs on the board, as root, for a text list; busybox can run it.
BOARD_COMMAND = (
    "cd /sys; { "
    "grep -Hs . kernel/debug/devices_deferred devices/virtual/devlink/*/[ars]*; "
    "find devices -name waiting_for_supplier | xargs grep -Hs .; "
    "find devices -type l | grep -E '/(of_node|driver|consumer|supplier)$' | xargs ls -ld; "
    "dmesg; } 2>/dev/null"
)
