import threading

from threadpoolctl import ThreadpoolController, threadpool_limits

from mvn_dask.covariance.blas import one_thread


def blas_threads() -> set[int]:
    libraries = ThreadpoolController().select(user_api="blas").info()
    assert libraries, "numpy's BLAS must be among them"
    return {library["num_threads"] for library in libraries}


def test_one_inside_the_users_own_outside() -> None:
    with threadpool_limits(2, "blas"):
        with one_thread():
            assert blas_threads() == {1}
            with one_thread():
                assert blas_threads() == {1}
            assert blas_threads() == {1}
        assert blas_threads() == {2}


def test_restored_after_an_exception() -> None:
    with threadpool_limits(2, "blas"):
        try:
            with one_thread():
                raise RuntimeError
        except RuntimeError:
            pass
        assert blas_threads() == {2}


def test_overlapping_tasks_restore_only_when_the_last_has_left() -> None:
    first_in, second_in, first_out = threading.Event(), threading.Event(), threading.Event()

    def first() -> None:
        with one_thread():
            first_in.set()
            second_in.wait(120)
        first_out.set()

    with threadpool_limits(2, "blas"):
        # It also is another thread than the one that holds the user's limit.
        thread = threading.Thread(target=first)
        thread.start()
        assert first_in.wait(120)
        with one_thread():
            second_in.set()
            assert first_out.wait(120)
            assert blas_threads() == {1}
        thread.join()
        assert blas_threads() == {2}
