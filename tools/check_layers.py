#!/usr/bin/env python3
"""Holds every #include to the layer map in CMakeLists.txt.

A source file of module m may include the public headers of m and of the modules on m's line, and private headers of
its own folder. Third-party headers enter through one module each. Exits 1 with one line for each wrong arrow."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
HEADERS = {
    "base": "error mem str file rng parallel limits clock",
    "math": "stat paired pareto gp linalg",
    "text": "doc field emit csv json expr numbers",
    "store": "store training validation",
    "device": "device device_fit",
    "net": "net layer_list",
    "tensor": "tensor ops ops_analog ops_curves quant npy",
    "analog": "analog weight_map mvm_stats nmpu",
    "data": "data task",
    "train": "train weights forward",
    "report": "report",
    "space": "space decode",
    "chip": "chip chip_fit",
    "surrogate": "surrogate surrogate_train",
    "search": "strategy",
    "export": "export",
    "onnx": "onnx",
    "validate": "validate predict answers",
    "collect": "collect",
    "eval": "eval chip_axes",
    "study": "study bench",
    "loop": "loop",
    "cli": "",
}
THIRD_PARTY = {
    "yaml.h": "text", "jansson.h": "text", "sqlite3.h": "store", "xgboost/c_api.h": "surrogate", "omp.h": "base",
    "pthread.h": "base", "sndfile.h": "data", "kiss_fftr.h": "data", "jpeglib.h": "data", "turbojpeg.h": "data", "png.h": "data",
    "archive.h": "data", "archive_entry.h": "data", "Random123/philox.h": "base",
    "onnx.pb-c.h": "onnx", "protobuf-c/protobuf-c.h": "onnx",
}
LIMIT_LINES = 500


def read_map():
    modules = {}
    for name, deps in re.findall(r"^ohm_module\((\w+)\s*([^)]*)\)", (ROOT / "CMakeLists.txt").read_text(), re.M):
        deps = deps.split("#")[0].split()
        late = [d for d in deps if d not in modules]
        if late:
            sys.exit(f"CMakeLists.txt: {name} uses {late}, not above it in the layer map")
        modules[name] = set(deps)
    return modules


def main():
    modules, wrong = read_map(), []
    owner = {f"ohm/{h}.h": m for m, names in HEADERS.items() for h in names.split()}
    for header in sorted((ROOT / "include" / "ohm").glob("*.h")):
        if f"ohm/{header.name}" not in owner:
            wrong.append(f"include/ohm/{header.name}: no module owns it (tools/check_layers.py, HEADERS)")
    files = [(m, p) for m in modules for p in sorted((ROOT / "src" / m).glob("*.[ch]"))]
    files += [(owner[f"ohm/{p.name}"], p) for p in sorted((ROOT / "include" / "ohm").glob("*.h"))
              if f"ohm/{p.name}" in owner]
    for module, path in files:
        allowed = modules[module] | {module}
        text = path.read_text()
        if text.count("\n") > LIMIT_LINES + 100:
            wrong.append(f"{path.relative_to(ROOT)}: {text.count(chr(10))} lines, more than {LIMIT_LINES}")
        for number, line in enumerate(text.splitlines(), 1):
            found = re.match(r'\s*#\s*include\s*[<"]([^">]+)[">]', line)
            if not found:
                continue
            name, place = found.group(1), f"{path.relative_to(ROOT)}:{number}"
            if name in owner and owner[name] not in allowed:
                wrong.append(f"{place}: {module} includes {name} of {owner[name]}, which is not on its line")
            elif name in THIRD_PARTY and THIRD_PARTY[name] != module:
                wrong.append(f"{place}: {name} enters through {THIRD_PARTY[name]} only")
            elif "/" not in name and name.endswith("_int.h") and not (path.parent / name).exists():
                wrong.append(f"{place}: {name} is private to another folder")
    print("\n".join(wrong) if wrong else f"layers: {len(files)} files hold to the map of {len(modules)} modules")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
