"""One edit of a template that a thousand deployed instances descend from: the diff of their site names it."""

import pytest

INSTANCES = 1000

METER = """
kind: Template
name: Meter
spec:
  attributes:
    Flow: {type: float, unit: m3/h, value: 0.5}
    Limit: {type: float, value: 80.0}
  alarms:
    High: {attribute: Flow, kind: limits, hi: {value: 90, deadband: 0.5}, message: Flow is high}
"""
FAMILY = """
kind: Template
name: MassMeter
spec:
  parent: Meter
  attributes: {Limit: {value: 70.0}}
---
kind: Template
name: Bystander
spec: {attributes: {Note: {type: string, value: nothing of the kind}}}
---
""" + "---\n".join(f"""
kind: Instance
name: M{number:04}
spec: {{site: north, template: MassMeter, area: hall/row{number % 7}}}
""" for number in range(INSTANCES)) + """
---
kind: Instance
name: Aside
spec: {site: north, template: Bystander}
"""
EDITED = METER.replace("unit: m3/h", "unit: l/s")


def revision(rest, template):
    return rest.request("GET", f"/api/v1/templates/{template}").etag.strip('"')


@pytest.fixture(scope="module")
def edited(fleet):
    """The site's diff after the edit of Meter, with the revisions of Meter before and after."""
    rest = fleet.rest
    rest.post("/apply", METER + "---\n" + FAMILY)
    names = [f"M{number:04}" for number in range(INSTANCES)]
    ended = rest.post("/sites/north/deploy?wait=60s", {"instances": names + ["Aside"]})
    assert ended["counts"]["succeeded"] == INSTANCES + 1
    before = revision(rest, "Meter")
    assert not any(instance["diff"]["members"] for instance in rest.get("/sites/north/diff")["instances"]
                   if instance["name"] in names)
    rest.put("/templates/Meter", EDITED, headers={"If-Match": f'"{before}"'})
    return names, before, revision(rest, "Meter"), rest.get("/sites/north/diff")


def test_the_site_diff_holds_every_stale_instance_and_no_other(edited):
    names, _, _, diff = edited
    assert [instance["name"] for instance in diff["instances"]] == names


def test_its_one_cause_is_that_edit_with_both_revisions(edited):
    _, before, after, diff = edited
    assert before != after
    assert diff["causes"] == [{"document": "templates/Meter", "kind": "template", "from": before, "to": after,
                               "instances": INSTANCES}]


def test_every_entry_of_every_instance_names_that_edit(edited):
    _, before, after, diff = edited
    cause = {"document": "templates/Meter", "kind": "template", "from": before, "to": after}
    for instance in diff["instances"]:
        assert instance["deployed_revision"] != instance["derived_revision"]
        assert instance["diff"]["bindings"] == []
        (member,) = instance["diff"]["members"]
        assert (member["name"], member["kind"], member["change"]) == ("Flow", "attribute", "changed")
        (field,) = member["changes"]
        assert (field["field"], field["from"], field["to"]) == ("unit", "m3/h", "l/s")
        assert field["cause"] == cause == member["cause"]


def test_the_stale_list_says_the_same(edited, fleet):
    stale = fleet.rest.get_all("instances", "site=north&stale=true")
    assert [instance["name"] for instance in stale] == edited[0]
