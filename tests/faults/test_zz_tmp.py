import pytest
from faults.test_no_loss import run
from faults.test_kill import torment


@pytest.mark.parametrize("backend", ["sqlite"])
def test_x(site, backend):
    print(run(site, processes=4, writers=1, objects=5000, limit=500, step=100))


@pytest.mark.parametrize("backend", ["sqlite"])
def test_y(site, backend):
    print(torment(site, kills=20, seed=5))
