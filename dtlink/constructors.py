"""Constructors of named tuples by their number of fields, compiled with the module.

To compile them where they are needed takes a fortieth of a short run. ``records.py`` gives each its
name and the names of its arguments.
"""

from __future__ import annotations

new = tuple.__new__

#: By number of fields; for more one is compiled.
# fmt: off
CONSTRUCTORS = (
    lambda _: new(_, ()),
    lambda _, a: new(_, (a,)),
    lambda _, a, b: new(_, (a, b)),
    lambda _, a, b, c: new(_, (a, b, c)),
    lambda _, a, b, c, d: new(_, (a, b, c, d)),
    lambda _, a, b, c, d, e: new(_, (a, b, c, d, e)),
    lambda _, a, b, c, d, e, f: new(_, (a, b, c, d, e, f)),
    lambda _, a, b, c, d, e, f, g: new(_, (a, b, c, d, e, f, g)),
    lambda _, a, b, c, d, e, f, g, h: new(_, (a, b, c, d, e, f, g, h)),
    lambda _, a, b, c, d, e, f, g, h, i: new(_, (a, b, c, d, e, f, g, h, i)),
    lambda _, a, b, c, d, e, f, g, h, i, j: new(_, (a, b, c, d, e, f, g, h, i, j)),
    lambda _, a, b, c, d, e, f, g, h, i, j, k: new(_, (a, b, c, d, e, f, g, h, i, j, k)),
    lambda _, a, b, c, d, e, f, g, h, i, j, k, m: new(_, (a, b, c, d, e, f, g, h, i, j, k, m)),
    lambda _, a, b, c, d, e, f, g, h, i, j, k, m, n:
        new(_, (a, b, c, d, e, f, g, h, i, j, k, m, n)),
    lambda _, a, b, c, d, e, f, g, h, i, j, k, m, n, o:
        new(_, (a, b, c, d, e, f, g, h, i, j, k, m, n, o)),
    lambda _, a, b, c, d, e, f, g, h, i, j, k, m, n, o, p:
        new(_, (a, b, c, d, e, f, g, h, i, j, k, m, n, o, p)),
    lambda _, a, b, c, d, e, f, g, h, i, j, k, m, n, o, p, q:
        new(_, (a, b, c, d, e, f, g, h, i, j, k, m, n, o, p, q)),
    lambda _, a, b, c, d, e, f, g, h, i, j, k, m, n, o, p, q, r:
        new(_, (a, b, c, d, e, f, g, h, i, j, k, m, n, o, p, q, r)),
    lambda _, a, b, c, d, e, f, g, h, i, j, k, m, n, o, p, q, r, s:
        new(_, (a, b, c, d, e, f, g, h, i, j, k, m, n, o, p, q, r, s)),
    lambda _, a, b, c, d, e, f, g, h, i, j, k, m, n, o, p, q, r, s, t:
        new(_, (a, b, c, d, e, f, g, h, i, j, k, m, n, o, p, q, r, s, t)),
    lambda _, a, b, c, d, e, f, g, h, i, j, k, m, n, o, p, q, r, s, t, u:
        new(_, (a, b, c, d, e, f, g, h, i, j, k, m, n, o, p, q, r, s, t, u)),
    lambda _, a, b, c, d, e, f, g, h, i, j, k, m, n, o, p, q, r, s, t, u, v:
        new(_, (a, b, c, d, e, f, g, h, i, j, k, m, n, o, p, q, r, s, t, u, v)),
    lambda _, a, b, c, d, e, f, g, h, i, j, k, m, n, o, p, q, r, s, t, u, v, w:
        new(_, (a, b, c, d, e, f, g, h, i, j, k, m, n, o, p, q, r, s, t, u, v, w)),
    lambda _, a, b, c, d, e, f, g, h, i, j, k, m, n, o, p, q, r, s, t, u, v, w, x:
        new(_, (a, b, c, d, e, f, g, h, i, j, k, m, n, o, p, q, r, s, t, u, v, w, x)),
    lambda _, a, b, c, d, e, f, g, h, i, j, k, m, n, o, p, q, r, s, t, u, v, w, x, y:
        new(_, (a, b, c, d, e, f, g, h, i, j, k, m, n, o, p, q, r, s, t, u, v, w, x, y)),
)
