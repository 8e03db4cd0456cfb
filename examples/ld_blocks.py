"""Z-scores of simulated genome-wide association studies, from linkage disequilibrium (LD) in the blocks of a genome.

Variants of different blocks are independent, those of one block are not: the covariance of z-scores is `BlockDiagonal`,
with a matrix of correlations R a block. Haplotypes are mosaics of a few founders (Li and Stephens 2003,
doi:10.1093/genetics/165.4.2213). With no effects, z-scores have the covariance R; with many small ones R + c R², where
c = N h² / M for N people, M variants and a heritability h². LD score regression (Bulik-Sullivan et al. 2015,
doi:10.1038/ng.3211) must tell both apart: the mean of z² is 1 + c times a variant's LD score, the sum of its R².
"""

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt

import mvn_dask
from mvn_dask.covariance import BlockDiagonal, Covariance, Dense, from_correlation

HERITABILITY = 0.5
CHI_SQUARE_MEDIAN = 0.454936
Floats = npt.NDArray[np.float64]


def block_correlations(variants: int, rng: np.random.Generator) -> Floats:
    """Correlations of variants in 400 mosaics of 20 founders, shrunk by a tenth so that they are regular."""
    haplotypes, founders = 400, 20
    alleles = rng.random((founders, variants)) < rng.beta(0.6, 0.6, variants).clip(0.1, 0.9)
    alleles[0], alleles[1] = True, False  # both alleles of each variant are there
    switches = rng.random((haplotypes, variants)) < rng.gamma(0.2, 0.05, variants)
    switches[:, 0] = True
    segments = np.cumsum(switches, axis=1) - 1
    copied = rng.integers(founders, size=(haplotypes, variants))[np.arange(haplotypes)[:, None], segments]
    correlations: Floats = 0.9 * np.corrcoef(alleles[copied, np.arange(variants)], rowvar=False)
    np.fill_diagonal(correlations, 1.0)
    return correlations


def studies(correlations: list[Floats], strength: float) -> BlockDiagonal:
    """The covariance of z-scores under effects of a strength c: R + c R², which is R where there are none."""
    blocks: list[Covariance] = []
    for matrix in correlations:
        if strength:
            blocks.append(Dense(matrix + strength * (matrix @ matrix), method="cholesky"))
        else:
            blocks.append(from_correlation(matrix, 1.0))
    return BlockDiagonal(*blocks)


def regress(scores: Floats, squares: Floats) -> tuple[Floats, Floats]:
    """Intercept and slope of each study's z², shape (studies, variants), on the LD scores."""
    slopes, intercepts = np.polyfit(scores, squares.T, 1)
    return intercepts, slopes


def tell(name: str, values: Floats, known: float) -> None:
    """Print the mean over studies with 2 standard errors, and what is known."""
    error = 2 * values.std() / np.sqrt(len(values))
    print(f"  {name:23} {values.mean():7.4f} ± {error:.4f}, known {known:.4f}")


def main() -> None:
    """Simulate blocks, draw studies into Zarr, and look for inflation."""
    parser = argparse.ArgumentParser(description="Draw z-scores of association studies into Zarr and check them.")
    parser.add_argument("--blocks", type=int, default=128, help="blocks of the genome")
    parser.add_argument("--studies", type=int, default=100, help="studies with effects, and without")
    parser.add_argument("--output", type=Path, default=Path("build/ld"), help="folder of the stores")
    options = parser.parse_args()

    rng = np.random.default_rng(22)
    sizes = rng.integers(400, 601, options.blocks)
    correlations = [block_correlations(int(size), rng) for size in sizes]
    scores = np.concatenate([(matrix**2).sum(axis=0) for matrix in correlations])
    people = len(scores) // 2
    strength = people * HERITABILITY / len(scores)
    print(f"{len(scores):,} variants, {people:,} people; LD scores {scores.mean():.1f} ± {scores.std():.1f}")
    held, whole = 8 * (sizes**2).sum() / 2**30, 8 * len(scores) ** 2 / 2**30
    print(f"{len(sizes)} blocks of up to {sizes.max()}: {held:.2f} GiB, where a whole matrix takes {whole:.1f} GiB")

    for name, effect in (("no effects", 0.0), ("many effects", strength)):
        store = options.output / f"{name.replace(' ', '-')}.zarr"
        normal = mvn_dask.MultivariateNormal(0.0, studies(correlations, effect))
        mvn_dask.to_zarr(normal.sample(options.studies, seed=2015, chunks=(20, -1)), store)
        squares = (mvn_dask.from_zarr(store) ** 2).compute()
        print(f"{name}: {len(squares)} studies in {store.name}")
        tell("mean of z²", squares.mean(axis=1), 1 + effect * scores.mean())
        if not effect:
            tell("genomic control's λ", np.median(squares, axis=1) / CHI_SQUARE_MEDIAN, 1.0)
        intercepts, slopes = regress(scores, squares)
        tell("LD score intercept", intercepts, 1.0)
        tell("LD score heritability", slopes * len(scores) / people, HERITABILITY if effect else 0.0)


if __name__ == "__main__":
    main()
