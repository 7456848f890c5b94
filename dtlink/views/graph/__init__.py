"""``dtlink graph``: devices and what they wait for, as data, as a page, in other tools' formats."""
