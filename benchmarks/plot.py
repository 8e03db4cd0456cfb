"""Nanoseconds per number over the dimension: every library a line, and the lower bound."""

from pathlib import Path

import matplotlib as mpl

from benchmarks.comparison import Comparison

COLOURS = {
    "mvn_dask": "#c1272d", "numpy": "#1f4e79", "numpy svd": "#6f9bc4", "scipy": "#4d4d4d", "mkl_random": "#2e8b57",
    "torch": "#e08a1e", "jax": "#7d4fa1", "mvnfast": "#a0734c",
}  # fmt: skip


def draw(result: Comparison, machine: str, path: Path) -> None:
    """Save it as SVG. Of mkl_random's generators the fastest at each dimension is shown."""
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(11, 4.6), sharey=True)
    for dtype, ax in zip(("float64", "float32"), axes, strict=True):
        for name, colour in COLOURS.items():
            points: dict[int, float] = {}
            for (peer, kind, d), value in result.times.items():
                if kind == dtype and (peer == name or (peer.startswith("mkl_random") and name == "mkl_random")):
                    points[d] = min(value, points.get(d, value))
            if points:
                width = 2.4 if name == "mvn_dask" else 1.3
                ax.plot(list(points), list(points.values()), "o-", color=colour, lw=width, ms=3.5, label=name)
        bound = {d: value for (_, kind, d), value in result.bound.items() if kind == dtype}
        ax.plot(list(bound), list(bound.values()), "k:", lw=1, label="roofline: this core's memory and multiply-adds")
        ax.set(xscale="log", yscale="log", xlabel="dimension d", title=f"{dtype}, one core")
        ax.grid(alpha=0.3, which="both", lw=0.4)
    axes[0].set_ylabel("nanoseconds a number")
    axes[0].legend(fontsize=7.5, frameon=False)
    figure.text(0.5, 0.005, machine, ha="center", fontsize=7.5, color="#555555")
    figure.tight_layout(rect=(0, 0.03, 1, 1))
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
