from mvn_dask.job.job import Job
from mvn_dask.job.keys import is_secret, known_keys, suggestion


def test_every_key_is_known_and_described() -> None:
    known = known_keys()
    assert next(iter(known)) == ("version",)
    assert {key[0] for key in known} == set(Job.model_fields)
    for key in [
        ("sample", "seed"),
        ("distribution", "mean", "path"),
        ("distribution", "cov", "key"),
        ("cluster", "class"),
        ("cluster", "tls", "ca"),
        ("cluster", "adaptive", "maximum"),
    ]:
        assert key in known
    assert all(field.description for field in known.values())


def test_what_somebody_may_have_meant() -> None:
    for key, text in [
        ("sample.sede", "did you mean sample.seed?"),
        ("sampel", "did you mean sample?"),
        ("sample.method", "did you mean distribution.method?"),
        ("seed", "did you mean sample.seed?"),
        ("distribution.mean.pth", "did you mean distribution.mean.path?"),
        ("cluster.wokers", "did you mean cluster.workers?"),
        ("cluster.class_", "did you mean cluster.class?"),
        ("output.zzz", "output takes url, shards, overwrite, fsync, storage_options"),
        ("zzz", "a job takes version, distribution, sample, output, cluster"),
        ("zzz.zzz", ""),
    ]:
        assert suggestion(tuple(key.split("."))) == text


def test_values_that_may_be_secret() -> None:
    assert is_secret(("output", "storage_options"))
    assert is_secret(("cluster", "options", "env", "TOKEN"))
    assert is_secret(("output", "storage_option", "token")), "nobody knows it"
    assert not is_secret(("sample", "size"))
