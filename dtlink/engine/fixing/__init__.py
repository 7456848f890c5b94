"""Fixes: which are proposed, which prove right, and the files with them made."""

from dtlink.engine.fixing.fixing import fix_all
from dtlink.engine.fixing.outcome import FixOutcome, LeftFix
from dtlink.engine.fixing.proposals import Proposal, WantedFixes, unsafe_fixes
from dtlink.engine.fixing.whole import WholeOutcome, changed, fix_whole

__all__ = [
    "FixOutcome",
    "LeftFix",
    "Proposal",
    "WantedFixes",
    "WholeOutcome",
    "changed",
    "fix_all",
    "fix_whole",
    "unsafe_fixes",
]
