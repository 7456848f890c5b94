"""Inputs that were made to be slow, by what they are."""

from tests.benchmarks.shapes import (
    containers,
    csources,
    dmar,
    graphs,
    ids,
    iort,
    ivrs,
    kernels,
    others,
    overlays,
    preprocessing,
    properties,
    settings,
    sources,
)

SHAPES = {
    f"{module.__name__.rpartition('.')[2]}/{name}": shape
    for module in (
        graphs,
        ids,
        properties,
        sources,
        preprocessing,
        settings,
        dmar,
        ivrs,
        iort,
        others,
        containers,
        kernels,
        csources,
        overlays,
    )
    for name, shape in module.SHAPES.items()
}
