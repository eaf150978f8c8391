"""A coordinator killed in mid-deployment, with its database on PostgreSQL: the same must hold."""

import pytest
from conftest import fleet_at
from harness.daemons import QUICK
from harness.postgresql import Postgresql
from test_crashes import (applied, healed, test_a_coordinator_killed_in_mid_deployment,  # noqa: F401
                          test_instances_outlive_the_coordinator)  # noqa: F401


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    with Postgresql() as server:
        settings = QUICK | {"database.url": server.new_database("crashes")}
        with fleet_at(tmp_path_factory.mktemp("fleet"), settings=settings) as running:
            yield running
