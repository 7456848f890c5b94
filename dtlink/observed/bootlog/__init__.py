"""Boot logs: which lines tell of dependencies, and what lies behind them."""
