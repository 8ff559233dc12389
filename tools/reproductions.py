"""The tables of docs/reproductions, and where each golden value of chips comes from. For tools/reproduce.

A row says what, the published value (None: none is printed), ours (None: not computed), and its status:
  published  follows from published constants alone
  derived    the constants behind it were solved from this value, or from others of the same publication
  fitted     the constants behind it were fitted to several values, this one among them
  guess      something that is not published had to be chosen by us
  quoted     printed there, not computed here
  measured   by runs of minutes or hours, on networks of our own training
  open       needs a trained network; the document says how to measure it
"""
import collections
import csv
import os

Row = collections.namedtuple("Row", "what paper ours status shown", defaults=[None])
Table = collections.namedtuple("Table", "what rows")

NETWORKS = "docs/reproductions/networks/"
REFERENCE = "searchspaces/reference/"


PUBLISHED = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "results", "published")


def measured_in_software(name):
    """Top-1 in % after the last epoch of a learning curve."""
    with open(os.path.join(PUBLISHED, name + ".csv"), encoding="utf-8", newline="") as file:
        return [float(row["val_top1"]) for row in csv.DictReader(file)][-1]


def measured(name, time, column="top1"):
    """Top-1 in % of a network on analog hardware, mean over programmings: as `ohmnas validate --csv` wrote it; its drop
    is what it is below the same network without hardware."""
    path = os.path.join(PUBLISHED, name + ".csv")
    with open(path, encoding="utf-8", newline="") as file:
        return next(float(row[column]) for row in csv.DictReader(file) if row["time"] == time)


def cost(program, network, *settings, chip=None, by_layer=False):
    words = ["cost", network if "/" in network else REFERENCE + network + ".yaml"]
    words += ["--chip", chip] if chip else []
    for setting in settings:
        words += ["--set", setting]
    return program(*words, *(["--by-layer"] if by_layer else []))


def show(program, chip, *settings):
    return program("chip", "show", chip, *[word for setting in settings for word in ("--set", setting)])


def own(name):
    return NETWORKS + name + ".yaml"


# ---- hermes64: Le Gallo et al., arXiv 2212.02872v1 ----

PHASES = ("1-phase", "4-phase")
CORE_MVM_MM2 = 0.635


def crossbars_alone(c):
    """TOPS, TOPS/W and TOPS/mm2 as Table I counts them: matrix-vector products only, static power during these."""
    ops = 2e-6 * c["macs"]
    uJ = c["array_uJ"] + c["energy_static_uJ"] * c["array_us"] / c["latency_us"]
    return ops / c["array_us"], ops / uJ, ops / c["array_us"] / (c["cores"] * CORE_MVM_MM2)


def table_1(program):
    rows = []
    peaks = {"1-phase": (63.1, 9.76, 1.55, 0.86, 133), "4-phase": (16.1, 2.48, 0.40, 3.38, 520)}
    for phase in PHASES:
        top = show(program, "hermes64", "read_mode=" + phase)
        tops, tops_per_W, per_mm2, uJ, ns = peaks[phase]
        ops = 2 * top["cores"] * top["rows"] * top["cols"]
        rows += [Row(f"64 cores full, {phase}: TOPS", tops, top["peak_tops"], "published"),
                 Row("TOPS/W", tops_per_W, top["peak_tops_per_W"], "fitted"),
                 Row("TOPS/mm2", per_mm2, top["peak_tops_per_mm2"], "published"),
                 Row("energy, uJ", uJ, 1e-6 * ops / top["peak_tops_per_W"], "fitted"),
                 Row("latency, ns", ns, int(top["mvm_ns"]), "published")]
    layers = [("ResNet-9 layer, 8 cores", "resnet9-layer",
               (6.79, 6.88, 1.34, 0.97, 1131), (1.74, 1.74, 0.34, 1.51, 1518)),
              ("LSTM step, 32 cores", "lstm-step",
               (30.6, 9.34, 1.50, 3.46, 1043), (7.82, 2.37, 0.38, 5.24, 1430))]
    for what, network, *values in layers:
        for phase, (tops, tops_per_W, per_mm2, uJ, ns) in zip(PHASES, values):
            c = cost(program, own(network), "read_mode=" + phase)
            alone = crossbars_alone(c)
            rows += [Row(f"{what}, {phase}: TOPS", tops, alone[0], "published"),
                     Row("TOPS/W", tops_per_W, alone[1], "fitted"),
                     Row("TOPS/mm2", per_mm2, alone[2], "published"),
                     Row("energy with digital units, uJ", uJ, c["energy_uJ"], "fitted"),
                     Row("latency, ns", ns, round(1e3 * c["latency_us"]), "derived")]
    return rows


def networks_64(program):
    rows = []
    for what, network, weights, cores in (("ResNet-9", "resnet9-hermes", 1866536, 40),
                                          ("LSTM for characters", "lstm-ptb", 1299312, 26),
                                          ("LSTM for captions", "lstm-caption", 4080384, 64)):
        c = cost(program, network)
        rows += [Row(f"{what}: weights on cores", weights, weights_of(c, 65536), "published"),
                 Row("cores", cores, c["cores"], "published")]
    return rows


def weights_of(c, cells):
    return round(c["util"] * c["cores"] * cells)


accuracies_64 = [
    Row("ResNet-9, CIFAR-10: software, %", 93.67, None, "open"),
    Row("quantised only, %", 93.43, None, "open"),
    Row("programming noise only, two devices a weight, %", 93.18, None, "open"),
    Row("both, %", 92.91, None, "open"),
    Row("chip, %", 92.81, None, "quoted"),
    Row("ours, five epochs, hardware in the loop for two: software, %", None,
        measured_in_software("cifar10/resnet9-analog"), "measured"),
    Row("LSTM for characters, bits per character: software", 1.336, None, "quoted"),
    Row("chip", 1.433, None, "quoted"),
]


# ---- NMPU: Ferro et al., arXiv 2402.07549 ----


def nmpu_unit(program):
    ldpu = cost(program, own("full-core"), "read_mode=1-phase")
    nmpu = cost(program, own("full-core"), "read_mode=1-phase", "periphery=nmpu")
    smaller = (ldpu["area_mm2"] - CORE_MVM_MM2) / (nmpu["area_mm2"] - CORE_MVM_MM2)
    return [Row("LDPU, 256 outputs, ns", None, 1e3 * ldpu["digital_us"], "derived"),
            Row("NMPU, 256 outputs, ns", None, 1e3 * nmpu["digital_us"], "derived"),
            Row("speed-up", 139, ldpu["digital_us"] / nmpu["digital_us"], "derived"),
            Row("times smaller", 7.8, smaller, "published"),
            Row("digital energy of the product, LDPU over NMPU", "competitive power",
                ldpu["digital_uJ"] / nmpu["digital_uJ"], "guess")]


# Top-1 in % of four draws of the hardware, in pairs: the runs of docs/analog.md, "Behind the ADC".
RESNET9_FP16 = (70.9, 69.0, 74.1, 70.1)
RESNET9_NMPU = (71.0, 69.0, 74.1, 70.1)

nmpu_accuracies = [
    Row("ResNet-9, CIFAR-10: loss against FP16, points", 0.12,
        sum(f - n for f, n in zip(RESNET9_FP16, RESNET9_NMPU)) / len(RESNET9_FP16), "measured"),
    Row("ResNet-32, CIFAR-100: loss against FP16, points", 0.40, None, "open"),
]


# ---- AnalogNAS: Benmeziane et al., arXiv 2305.10459v1 ----


def resnet32(program):
    mesh, hermes = cost(program, "resnet32", chip="mesh512"), cost(program, "resnet32")
    return [Row("ResNet-32: weights", 464432, weights_of(mesh, 512 * 512), "published"),
            Row("tiles of 512 x 512", 43, mesh["cores"], "published"),
            Row("products one after the other", None, mesh["mvm_steps"], "derived"),
            Row("latency on `mesh512`, ms", 0.434, 1e-3 * mesh["latency_us"], "derived"),
            Row("energy on `mesh512`, uJ", 22.75, mesh["energy_uJ"], "derived"),
            Row("inferences/s/W", 43956.7, 1e6 / mesh["energy_uJ"], "derived"),
            Row("cores of 256 x 256 on `hermes64`", None, hermes["cores"], "derived"),
            Row("T500: weights", 416960, None, "quoted"),
            Row("tiles of 512 x 512", 27, None, "quoted"),
            Row("latency, ms", 0.108, None, "quoted"),
            Row("inferences/s/W", 54502, None, "quoted")]


analognas_accuracies = [
    Row("ResNet-32, CIFAR-10: software, %", 94.34, None, "open"),
    Row("on the 64-core chip, %", 89.55, None, "quoted"),
    Row("loss in a month, points", 5.04, None, "open"),
    Row("T500: loss in a month, points", 1.8, None, "quoted"),
] + [
    Row(f"ResNet-20, {what}: loss in a month, points", None, measured(name, "0") - measured(name, "30d"), "measured")
    for what, name in (("trained digitally", "cifar10/drift/resnet20-one-phase"),
                       ("trained with hardware in the loop", "cifar10/drift/resnet20-analog-one-phase"))
]


# ---- AON-CiM and AnalogNets: arXiv 2111.06503; IEEE Micro 42(6) ----

BITS = ("8", "6", "4")


def aon_peaks(program):
    tops, per_W, rows = {"8": 2, "6": 7.71, "4": 26.21}, {"8": 13.5, "4": 112}, []
    for bits in BITS:
        top = show(program, "aon-cim", "bits=" + bits)
        rows.append(Row(f"peak TOPS, {bits} bits", tops[bits], top["peak_tops"], "published"))
        status = "derived" if bits in per_W else "guess"
        rows.append(Row("peak TOPS/W", per_W.get(bits), top["peak_tops_per_W"], status))
    return rows


def without_classifier(c):
    """Weights, MACs and products of the convolutions: the classifier, the last row, is ours."""
    rows = c["layers"][:-1]
    return (sum(r["rows"] * r["cols"] for r in rows), sum(r["rows"] * r["cols"] * r["positions"] for r in rows),
            c["mvm_steps"] - 1)


def efficiencies(program, network, *papers):
    rows = []
    for bits, paper in zip(BITS, papers):
        c = cost(program, network, "bits=" + bits, chip="aon-cim")
        rows.append(Row(f"TOPS/W, {bits} bits", paper, c["tops_per_W"], "fitted"))
    return rows


def aon_networks(program):
    c = cost(program, "analognet-vww", chip="aon-cim", by_layer=True)
    weights, macs, cycles = without_classifier(c)
    rows = [Row("AnalogNet-VWW: weights of the convolutions", None, weights, "derived"),
            Row("MACs of these", None, macs, "derived"),
            Row("cycles of these", None, cycles, "derived"),
            Row("arrays", 1, c["cores"], "published"),
            Row("latency, ms", None, 1e-3 * c["latency_us"], "derived"),
            Row("energy at 8 bits, uJ", None, c["energy_uJ"], "fitted")]
    rows += efficiencies(program, "analognet-vww", 4.37, 12.64, 25.69)
    c = cost(program, "analognet-kws-size", chip="aon-cim")
    rows += [Row("AnalogNet-KWS, a stand-in of its size: million MACs", None, 1e-6 * c["macs"], "guess"),
             Row("cycles", None, c["mvm_steps"], "guess"),
             Row("inferences/s", 7700, c["inferences_per_s"], "guess", "7.7 thousand"),
             Row("energy at 8 bits, uJ", 8.22, c["energy_uJ"], "fitted")]
    return rows + efficiencies(program, "analognet-kws-size", 8.58, 26.55, 57.39)


def aon_accuracies(_):
    digital, analog = "kws/aon-cim/resnet-186k-1", "kws/aon-cim/resnet-186k-1-analog"
    software = [measured(name, "1d") + measured(name, "1d", "drop") for name in (digital, analog)]
    return [Row("AnalogNet-KWS: loss in 24 hours at 8 bits, points", 0.8, None, "open"),
            Row("AnalogNet-VWW: loss in 24 hours at 8 bits, points", 1.2, None, "open"),
            Row("our network for keywords, trained digitally: software, %", None, software[0], "measured"),
            Row("after 24 hours at 8 bits, %", None, measured(digital, "1d"), "measured"),
            Row("loss, points", None, measured(digital, "1d", "drop"), "measured"),
            Row("the same trained with hardware in the loop: software, %", None, software[1], "measured"),
            Row("after 24 hours at 8 bits, %", None, measured(analog, "1d"), "measured"),
            Row("loss against its own software, points", None, measured(analog, "1d", "drop"), "measured"),
            Row("loss against the digital one in software, points", None, software[0] - measured(analog, "1d"),
                "measured")]


# ---- the heterogeneous cluster: Garofalo et al., arXiv 2201.01089 ----


def cluster_rows(program, *settings):
    return cost(program, "mobilenetv2-cluster", *settings, chip="imc-cluster", by_layer=True)


def in_bottleneck(row):
    return row["name"].startswith("block")


def macs_of(row):
    """Of a row of Fig. 12(a), which counts an addition as an operation of this kind. A depthwise layer is a row of the
    matrix for each of its weights."""
    if row["name"].endswith("add"):
        return row["cols"] * row["positions"]
    return row["rows"] * row["positions"] * (1 if row["name"].endswith("depthwise") else row["cols"])


def cluster_sums(c):
    rows = [row for row in c["layers"] if in_bottleneck(row)]
    depthwise = sum(row["rows"] for row in c["layers"] if row["name"].endswith("depthwise"))
    return {"ms": 1e-3 * sum(row["latency_us"] for row in rows), "uJ": sum(row["energy_uJ"] for row in rows),
            "macs": sum(map(macs_of, rows)), "on_arrays": weights_of(c, 65536),
            "weights": weights_of(c, 65536) + depthwise}


def cluster_totals(program):
    c = cluster_rows(program)
    s = cluster_sums(c)
    cores = cost(program, "mobilenetv2-cluster", "depthwise=cores", chip="imc-cluster")
    top = show(program, "imc-cluster")
    return [Row("rows of MobileNetV2 in Fig. 12(a)", 63, len(c["layers"]), "published"),
            Row("weights", 2190784, s["weights"], "published"),
            Row("bottlenecks: million MACs", 281.65, 1e-6 * s["macs"], "published"),
            Row("bottlenecks: time, ms", 10.06, s["ms"], "derived"),
            Row("bottlenecks: inferences/s", 99, 1e3 / s["ms"], "derived"),
            Row("times faster than Vega, 10 inferences/s", 10, 1e3 / s["ms"] / 10, "derived"),
            Row("bottlenecks: energy, uJ, sum of the printed rows", 440.08, s["uJ"], "fitted"),
            Row("bottlenecks: energy, uJ, as the total is printed", 482, s["uJ"], "quoted"),
            Row("times less energy than Vega, 1.19 mJ", 2.5, 1190 / s["uJ"], "fitted"),
            Row("all rows: time, ms", None, 1e-3 * c["latency_us"], "derived"),
            Row("all rows: energy, uJ, sum of the printed rows", 490.62, c["energy_uJ"], "fitted"),
            Row("arrays", 34, c["cores"], "published"),
            Row("area, mm2", 30, c["area_mm2"], "derived", "about 30"),
            Row("peak of an array, TOPS", 1.008, top["peak_tops"], "published"),
            Row("peak of an array, TOPS/W", 6.39, top["peak_tops_per_W"], "fitted"),
            Row("share of depthwise layers in the time, on their unit, %", None,
                100 * c["depthwise_us"] / c["latency_us"], "derived"),
            Row("the same, on the cores, 26 times slower, %", None,
                100 * (cores["cores_us"] - c["cores_us"]) / cores["latency_us"], "derived")]


def figure_8(program):
    speed = "software_depthwise.cores_MAC_per_cycle=4.2"
    unit = cost(program, own("bottleneck"), chip="imc-cluster")
    hybrid = cost(program, own("bottleneck"), speed, "depthwise=cores", chip="imc-cluster")
    software = cost(program, own("bottleneck"), speed, "depthwise=cores", "matrices=cores", chip="imc-cluster")
    jobs = [cost(program, own("bottleneck"), "depthwise=array", f"diagonal.job_channels={n}", chip="imc-cluster")
            for n in (16, 8)]
    rows = []
    for what, slow, fast, faster, less, shown in (
            ("software over depthwise on its unit", software, unit, 11.5, 9.2, None),
            ("software over depthwise on the cores", software, hybrid, 4.6, 3.4, None),
            ("software over depthwise on arrays, 16 channels a job", software, jobs[0], 2.27, 1.0, "about 1"),
            ("software over depthwise on arrays, 8 channels a job", software, jobs[1], 1.23, 0.81, None),
            ("depthwise on the cores over on its unit", hybrid, unit, 2.6, 2.7, "2.7 to 2.8")):
        rows += [Row(what + ": time", faster, slow["latency_us"] / fast["latency_us"], "fitted"),
                 Row("energy", less, slow["energy_uJ"] / fast["energy_uJ"], "fitted", shown)]
    return rows


def cluster_formula_ms(row):
    if row["name"].endswith("add"):
        return row["positions"] * row["cols"] / 0.418e6
    if row["name"].endswith("depthwise"):
        return macs_of(row) / 29.7 / 500e3
    return row["positions"] * -(-row["rows"] // 256) * -(-row["cols"] // 256) * 130e-6


def cluster_63(program):
    rows = []
    for row in cluster_rows(program)["layers"]:
        size = f"{row['rows']:,} x {row['cols']:,}" if row["rows"] else f"{row['cols']:,}"
        ms = cluster_formula_ms(row)
        rows.append(Row(f"{row['name']}, {size} at {row['positions']:,}", ms, 1e-3 * row["latency_us"], "derived",
                        f"{ms:.3f}"))
    return rows


# ---- scientific computing: Koesters et al., APL Mach. Learn. 1, 016101 (2023) ----

def scientific_costs(program):
    """The publication's figures were not to be had: the values of chips computed from the same formulas are golden."""
    rows = []
    names = [(f"rbm-alpha{alpha}", f"RBM, alpha {alpha}") for alpha in (1, 2, 4, 6, 8, 10)]
    names += [(f"svdd-z{z}", f"SVDD, z = {z}") for z in (5, 233)]
    for network, what in names:
        c = cost(program, network, "read_mode=1-phase", "static_by_cores=on")
        rows += [Row(f"{what}: cores", None, c["cores"], "derived"),
                 Row("time, ns", None, 1e3 * c["latency_us"], "derived"),
                 Row("energy, nJ", None, 1e3 * c["energy_uJ"], "derived")]
    for periphery in ("ldpu", "nmpu"):
        settings = ["read_mode=1-phase", "schedule=pipelined", "overlap=on", "periphery=" + periphery]
        c = program("cost", REFERENCE + "svdd-z5.yaml", "--rate", "40e6", *[w for s in settings for w in ("--set", s)])
        rows += [Row(f"SVDD, z = 5, {periphery.upper()}: ns from event to event", None, 1e3 * c["interval_us"], "derived"),
                 Row("copies for 40 MHz", None, c["copies_for_rate"], "derived"),
                 Row("their cores, of 64", None, c["cores_for_rate"], "derived")]
    rows.append(Row("time of one, ns", None, 1e3 * c["latency_us"], "derived"))
    return rows


TABLES = {
    "hermes64": {"table-1": Table("Table I", table_1), "networks": Table("networks", networks_64),
                 "accuracy": Table("accuracy", accuracies_64)},
    "nmpu": {"unit": Table("fixed-point unit", nmpu_unit), "accuracy": Table("accuracy", nmpu_accuracies)},
    "analognas": {"resnet32": Table("Table IV", resnet32), "accuracy": Table("accuracy", analognas_accuracies)},
    "aon-cim": {"peaks": Table("one array", aon_peaks), "networks": Table("networks", aon_networks),
                "accuracy": Table("accuracy", aon_accuracies)},
    "imc-cluster": {"totals": Table("MobileNetV2", cluster_totals), "ratios": Table("one bottleneck, Fig. 8", figure_8),
                    "rows": Table("time of a row of Fig. 12(a), ms", cluster_63)},
    "scientific": {"cost": Table("`hermes64`, 1-phase", scientific_costs)},
}


# ---- golden values ----

TIMES_AND_ENERGIES = 0.005
EXACT = 0


def dense_file(folder, name, sizes):
    path = os.path.join(folder, name + ".yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"network: {name}\nsource: golden values\ninput: [1, 1, {sizes[0]}]\nlayers:\n")
        file.writelines(f"  - {{ kind: dense, out: {n}, bias: false }}\n" for n in sizes[1:])
    return path


def conv_file(folder):
    path = os.path.join(folder, "conv.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write("network: conv\nsource: golden values\ninput: [32, 32, 64]\n"
                   "layers:\n  - { kind: conv, out: 64, kernel: 3 }\n")
    return path


def pick(key, counts, measures):
    return (counts[key], EXACT) if key in counts else (measures[key], TIMES_AND_ENERGIES)


def number_of(program, chip, block, key):
    return next(n["value"] for n in show(program, chip)["numbers"] if (n["block"], n["key"]) == (block, key))


def golden_network(program, parts, folder):
    """hermes.NETWORK.MODE[.WAY].FIGURE"""
    network = {"resnet9": "resnet9-hermes", "resnet32": "resnet32"}.get(parts[1]) or conv_file(folder)
    way = parts[3] if len(parts) > 4 else None
    settings = ["read_mode=" + {"1ph": "1-phase", "4ph": "4-phase"}[parts[2]]]
    settings += ["overlap=on"] if way == "overlap" else []
    line = settings + ["schedule=pipelined"] + (["replicate=on"] if way == "replicated" else [])
    c, pipelined = cost(program, network, *settings), cost(program, network, *line)
    return pick(parts[-1], {"chips": c["chips"], "macs": c["macs"], "tiles": pipelined["cores"],
                            "weights": weights_of(c, 65536)},
                {"serial_us": c["latency_us"], "e_serial_uJ": c["energy_uJ"], "bott_us": pipelined["interval_us"],
                 "e_pipe_uJ": pipelined["energy_uJ"], "util": c["util"]})


def golden_hermes(program, parts, folder):
    if parts[1] == "fit":
        block, key, scale = {"e_core_1": ("energy", "core_1_phase_nJ", 1), "e_core_4": ("energy", "core_4_phase_nJ", 1),
                             "e_out": ("energy", "output_pJ", 1e-3), "hop_cycles": ("digital_latency", "hop_cycles", 1),
                             "gdpu_cycles": ("digital_latency", "gdpu_cycles", 1),
                             "p_clk_W": ("energy", "clock_per_core_mW", 1e-3),
                             "p_static_W": ("energy", "static_per_chip_mW", 1e-3)}[parts[2]]
        return number_of(program, "hermes64", block, key) * scale, TIMES_AND_ENERGIES
    if parts[1] == "tiles":
        network = {"resnet9": "resnet9-hermes", "ptb": "lstm-ptb", "caption": "lstm-caption"}[parts[2]]
        return cost(program, network)["cores"], EXACT
    if parts[1].startswith("peak"):
        top = show(program, "hermes64", f"read_mode={parts[2]}-phase")
        return top["peak_tops" if parts[1] == "peak_tops" else "peak_tops_per_W"], TIMES_AND_ENERGIES
    return golden_network(program, parts, folder)


def golden_nmpu(program, parts, _):
    if parts[1].startswith("vec"):
        return "in tests/unit/analog/test_nmpu_golden.c", None
    rows = nmpu_unit(program)
    return {"ldpu_256_ns": rows[0].ours, "speedup": rows[2].ours}[parts[1]], TIMES_AND_ENERGIES


def golden_analognas(program, parts, _):
    if parts[1] == "t500":
        return "quoted: its network cannot be rebuilt", None
    mesh = cost(program, "resnet32", chip="mesh512")
    counts = {"steps": mesh["mvm_steps"], "tiles512": mesh["cores"], "weights": weights_of(mesh, 512 * 512)}
    return pick(parts[2], counts, {"uJ": mesh["energy_uJ"]})


def golden_aon(program, parts, _):
    if parts[1] == "peak_tops":
        return show(program, "aon-cim", "bits=" + parts[2])["peak_tops"], TIMES_AND_ENERGIES
    if parts[1] == "vww":
        sums = without_classifier(cost(program, "analognet-vww", chip="aon-cim", by_layer=True))
        return dict(zip(("weights", "macs", "cycles"), sums))[parts[2]], EXACT
    if parts[1] == "kws":  # of a stand-in: no count of it can be exact
        c = cost(program, "analognet-kws-size", chip="aon-cim")
        return {"cycles": c["mvm_steps"], "mmac": 1e-6 * c["macs"]}[parts[2]], TIMES_AND_ENERGIES
    key = {"e_adc_pJ": "conversion_pJ", "e_cell_pJ": "cell_pJ"}[parts[1]]
    return number_of(program, "aon-cim", "energy", key), TIMES_AND_ENERGIES


def golden_cluster(program, parts, _):
    c = cluster_rows(program)
    s = cluster_sums(c)
    if parts[2] == "e_job":
        keys = ("job_pJ", "row_pJ", "col_pJ", "cell_pJ")
        return [1e-3 * number_of(program, "imc-cluster", "job_energy", key) for key in keys], TIMES_AND_ENERGIES
    return pick(parts[2], {"arrays": c["cores"], "arrays_lb": -(-s["on_arrays"] // 65536), "params": s["weights"],
                           "pw_weights": s["on_arrays"], "macs_bottlenecks": s["macs"]},
                {"energy_bottlenecks_uJ": s["uJ"], "energy_uJ": c["energy_uJ"], "latency_bottlenecks_ms": s["ms"],
                 "latency_ms": 1e-3 * c["latency_us"]})


def golden_sci(program, parts, folder):
    kind, size = parts[1].rstrip("0123456789"), int(parts[1].lstrip("abdmrsv"))
    sizes = [16, 16 * size] if kind == "rbm" else [76, 512, 256, 128, size]
    c = cost(program, dense_file(folder, parts[1], sizes), "read_mode=1-phase", "static_by_cores=on")
    return pick(parts[2], {"tiles": c["cores"]}, {"ns": 1e3 * c["latency_us"], "nJ": 1e3 * c["energy_uJ"]})


def golden(program, key, folder):
    """(our value, greatest difference), or (where it is checked instead, None)"""
    parts = key.split(".")
    return {"hermes": golden_hermes, "nmpu": golden_nmpu, "analognas": golden_analognas, "aon": golden_aon,
            "cluster": golden_cluster, "sci": golden_sci}[parts[0]](program, parts, folder)
