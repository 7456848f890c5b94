"""Gathering the facts of a kernel from its files, as plain data that can be kept."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from itertools import chain

from dtlink.firmware.errors import InputError
from dtlink.kernel.holdings.aliases import AliasIndex
from dtlink.kernel.holdings.files import (
    Config,
    module_name,
    parse_config,
    read_bytes,
    read_config,
)
from dtlink.kernel.holdings.indexes import (
    SoftDependencies,
    read_aliases,
    read_dependencies,
    read_names,
    read_soft_dependencies,
    read_trie,
)
from dtlink.kernel.holdings.layout import KernelFiles, module_files, needs_modules
from dtlink.kernel.holdings.model import text_of_module
from dtlink.kernel.holdings.modinfo import ModuleInfo, builtin_aliases, read_module
from dtlink.kernel.progress import step
from dtlink.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dtlink.kernel.holdings.image import Image

Entries = dict[str, str]
"""Modules by name, as the text of which ``model.Modules`` makes them."""


#: Modules that are read between two reports of progress.
_STEP = 100


class Gatherer:
    """The facts of one kernel, and what each was read from."""

    def __init__(self, layout: KernelFiles) -> None:
        self._layout = layout
        self._sources: dict[str, str] = {}
        self._notes: list[str] = []
        self._config = Config({}, "", "")
        self._asked: set[str] = set()
        """The images that were looked at."""
        self._infos: dict[str, ModuleInfo] = {}
        """What the modules themselves say, by file, where they were asked."""
        self._whole = False
        """Whether all modules that the kernel has were asked."""

    def gather(self) -> dict[str, Any]:
        """All facts. Raises :class:`InputError`."""
        step("configuration")
        image = self._configure()
        order = self._order()
        if needs_modules(self._layout):
            self._ask_modules(order)
        step("indexes of modules")
        modules = self._modules(order)
        aliases = self._aliases()
        builtin = self._read("builtin", "modules.builtin", read_names) or []
        builtin_index = self._builtin_aliases()
        image_release, compatibles = self._compatibles(builtin_index, image or self._image())
        return {
            "release": self._layout.release or image_release or self._release(),
            "config": self._options(modules),
            "modules": modules,
            "builtin": [module_name(each) for each in builtin],
            "order": [module_name(each) for each in order],
            "builtin_compatibles": compatibles,
            "aliases": aliases.facts(),
            "builtin_aliases": builtin_index.facts(),
            "sources": {fact: _whole(path) for fact, path in self._sources.items()},
            "notes": self._notes,
        }

    def _configure(self) -> Image | None:
        """Read the configuration; the image, where only that may hold one."""
        path = self._layout.config
        try:
            if path:
                self._take(read_config(path), path)
                return None
        except InputError:
            # A file that was named may be an image as well.
            if self._layout.form != "config" or not (image := self._image(path)):
                raise
        else:
            image = self._image(self._layout.image)
        if image and image.config:
            with suppress(InputError):
                self._take(parse_config(image.config), self._sources["image"])
        return image

    def _take(self, config: Config, path: str) -> None:
        self._config = config
        self._sources["config" if config.whole else "config_part"] = path

    def _options(self, modules: Entries) -> dict[str, str]:
        """What is on, and, where only that shows what the kernel has, also what is off."""
        values = self._config.values
        if not modules or "config_part" in self._sources:
            return values
        return {name: value for name, value in values.items() if value != "n"}

    def _read(self, fact: str, name: str, reader: Any) -> Any:
        """What the files of a name beside the modules say, if there are any."""
        paths = self._layout.named(name)
        if not paths:
            return None
        self._sources[fact] = paths[0]
        found = [reader(path) for path in paths]
        if len(found) == 1:
            return found[0]
        if isinstance(found[0], dict):
            return {key: value for each in reversed(found) for key, value in each.items()}
        return list(chain.from_iterable(found))

    def _order(self) -> list[str]:
        """The order of modules; where a file lists what is loaded at boot, its own."""
        found = self._read("order", "modules.order", read_names)
        return found or self._read("order", "modules.load", read_names) or []

    def _ask_modules(self, order: list[str]) -> None:
        """Read the modules themselves. Those of modules.order may be missing."""
        files = module_files(self._layout)
        places = {module_name(each): place for place, each in enumerate(order)}
        names = sorted(files, key=lambda each: places.get(module_name(each), len(places)))
        for count, name in enumerate(names):
            if not count % _STEP:
                step(f"{count:,} of {len(names):,} modules")
            self._infos[name] = read_module(files[name])
        missing = len(places.keys() - {module_name(each) for each in files})
        self._whole = not missing and ("order" in self._sources or bool(files))
        if missing:
            what = f"{missing} of {len(places)} modules in modules.order are not there"
            self._notes.append(f"{what}, so their aliases are not known")

    def _modules(self, order: list[str]) -> Entries:
        """The modules: from modules.dep, from themselves, or the bare names of modules.order."""
        needs = dict(self._read("modules", "modules.dep", read_dependencies) or ())
        if not needs and (self._infos or "order" in self._sources):
            self._sources["modules"] = self._layout.folder
            # Of what is not there, the name is known all the same.
            present = {module_name(each) for each in self._infos}
            needs = {each: () for each in order if module_name(each) not in present}
            needs |= {path: info.depends for path, info in self._infos.items()}
        if not needs:
            self._without_modules("modules")
        soft = self._soft_dependencies()
        entries: Entries = {}
        for path, depends in needs.items():
            if name := module_name(path):
                pre, post = soft.get(name, ((), ()))
                entries[name] = text_of_module(path, depends, pre, post)
        return entries

    def _soft_dependencies(self) -> SoftDependencies:
        found = self._read("softdeps", "modules.softdep", read_soft_dependencies)
        if found is None and self._whole:
            self._sources["softdeps"] = self._layout.folder
        asked = {module_name(path): (info.pre, info.post) for path, info in self._infos.items()}
        return asked | (found or {})

    def _aliases(self) -> AliasIndex:
        """The modules' aliases: from the text, the index, or the modules themselves."""
        if (pairs := self._read("aliases", "modules.alias", read_aliases)) is not None:
            return AliasIndex.of_pairs(pairs)
        if (pairs := self._read("aliases", "modules.alias.bin", _read_index)) is not None:
            return AliasIndex.of_pairs(pairs, folded=True)
        if self._whole:
            self._sources["aliases"] = self._layout.folder
        self._without_modules("aliases")
        return AliasIndex.of_pairs(
            (alias, module_name(path))
            for path, info in self._infos.items()
            for alias in info.aliases
        )

    def _without_modules(self, fact: str) -> None:
        """A kernel that cannot load modules has none."""
        if "config" in self._sources and self._config.values.get("MODULES") != "y":
            self._sources.setdefault(fact, self._layout.config)

    def _builtin_aliases(self) -> AliasIndex:
        """What is built in, by its aliases. The index is made of the text, which says more."""
        pairs = self._read("builtin_aliases", "modules.builtin.modinfo", builtin_aliases)
        if pairs is not None:
            return AliasIndex.of_pairs(pairs)
        pairs = self._read("builtin_aliases", "modules.builtin.alias.bin", _read_index)
        return AliasIndex.of_pairs(pairs or (), folded=True)

    def _compatibles(self, index: AliasIndex, image: Image | None) -> tuple[str, list[str] | None]:
        """The release of the image, and the compatible strings of what is built in."""
        release, found = (image.release, image.compatibles) if image else ("", frozenset())
        listed = set(index.compatibles)
        if listed or "image" in self._sources:
            sources = ("image", *(("builtin_aliases",) if listed else ()))
            told = (self._sources[each] for each in sources if each in self._sources)
            self._sources["builtin_compatibles"] = next(told)
            return release, sorted(listed | found)
        return release, None

    def _image(self, path: str = "") -> Image | None:
        """What the image holds, if it is one of this kernel."""
        from dtlink.kernel.holdings.image import read_image

        path = path or self._layout.image
        if not path or path in self._asked:
            return None
        self._asked.add(path)
        if not os.access(path, os.R_OK):
            self._notes.append(f"{path}: may not be read, so what is built in is not known")
            return None
        image = read_image(path, self._pointers(), config=not self._config.values)
        if not image:
            self._notes.append(f"{path}: no kernel found in it, or packed in a form not known")
        elif self._layout.release not in ("", image.release):
            self._notes.append(f"{path}: of {image.release}, not {self._layout.release}")
        else:
            self._sources["image"] = path
            return image
        return None

    def _release(self) -> str:
        """The release that the configuration has, or that the modules are made for."""
        if self._config.version or not self._layout.folder:
            return self._config.version
        files = module_files(self._layout).values()
        with suppress(InputError):
            return next((read_module(each).release for each in files), "")
        return ""

    def _pointers(self) -> tuple[int, ...]:
        """The sizes of a pointer that are possible."""
        if "config" not in self._sources:
            return (8, 4)
        return (8,) if self._config.values.get("64BIT") == "y" else (4,)


def _read_index(path: str) -> Iterable[tuple[str, str]]:
    """The pairs of an index of kmod. Raises :class:`InputError`."""
    try:
        return read_trie(read_bytes(path))
    except InputError as error:
        error.path = error.path or path
        raise


def _whole(path: str) -> str:
    """What is kept may be asked for from another working folder."""
    return os.path.abspath(path)  # noqa: PTH100 - links stay as they are
