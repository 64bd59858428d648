"""The pytest plugin by the name that it has within the kit, for `-p sim.testing.plugin`: it is `farside_pytest`."""

pytest_plugins = ["farside_pytest"]
