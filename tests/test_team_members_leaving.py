"""A team member leaves (uit dienst): all that is his ends, what he did stays."""

import asyncio

import pytest

from app.access import Role
from app.models import TeamMember
from tests.factories import Tenant
from tests.factories.conventions import made, problem
from tests.factories.locks import lock_row, waiting_for_locks
from tests.factories.people import PASSWORD, caller, member_email, sign_in
from tests.factories.waiting import at_once, eventually

pytestmark = pytest.mark.anyio

PATH = "/v1/team-members"
RIK = {"name": "Rik Raad", "email": "Rik@Kantoor.example", "role": "reader"}


async def test_gone_at_once(office: Tenant) -> None:
    """AZ-05: his sessions and what lets him in end; he is on no list and can not be changed or invited."""
    path = f"{PATH}/{office.anna_id}"
    email = await member_email(office)
    invitation = made(await office.admin.post(f"{path}/invitation"))
    assert (await office.admin.delete(path)).status_code == 204
    problem(await office.anna.get("/v1/me"), 401, "token_invalid")
    async with caller(office) as client:
        problem(await sign_in(client, office, email), 401)
        accepted = await client.post(f"/v1/invitations/{invitation['token']}/accept", json={"password": PASSWORD})
        problem(accepted, 404)
    assert [row["name"] for row in made(await office.admin.get(PATH), 200)["items"]] == ["Bea Beheer"]
    for method, place, body in (
        ("GET", path, None),
        ("PATCH", path, {"status": "invited"}),
        ("POST", f"{path}/invitation", None),
        ("DELETE", path, None),
    ):
        problem(await office.admin.request(method, place, json=body), 404)


async def test_login_data_is_erased_and_address_is_free(office: Tenant) -> None:
    email = await member_email(office)
    assert (await office.admin.delete(f"{PATH}/{office.anna_id}")).status_code == 204
    async with office.db.transaction(office.id) as session:
        row = await session.get_one(TeamMember, (office.id, office.anna_id))
    assert row.name == "Anna Jansen"
    assert {getattr(row, field) for field in ("email", "email_key", "password_hash")} == {None}
    made(await office.admin.post(PATH, json=RIK | {"email": email}))
    _, admin = await office.member(Role.ADMINISTRATOR)
    assert email not in (await admin.get("/v1/timeline", params={"subject_id": str(office.anna_id)})).text


async def test_roles_end_and_the_relation_has_changed(office: Tenant) -> None:
    relation, other = await office.relation("1"), await office.relation("2")
    rik_id, _ = await office.member(Role.READER, "Rik Raad")
    eva_id, eva = await office.member(Role.READER, "Eva")
    roles = [{"team_member_id": str(rik_id), "role": role} for role in ("tax", "payroll")]
    team = f"/v1/relations/{relation['id']}/team"
    made(await office.admin.put(team, json={"items": roles}), 200)
    standard = {"items": [*roles, {"team_member_id": str(eva_id), "role": "tax"}]}
    made(await office.admin.put("/v1/standard-team", json=standard), 200)
    for absent, deputy in ((rik_id, eva_id), (office.anna_id, rik_id)):
        ids = {"team_member_id": str(absent), "deputy_member_id": str(deputy), "starts_on": "2026-01-01"}
        made(await office.admin.post("/v1/deputies", json=ids))
    seen = [row["number"] for row in (await eva.get("/v1/relations")).json()["items"]]
    assert seen == ["1"]
    places = (f"/v1/relations/{relation['id']}", f"/v1/relations/{other['id']}", "/v1/standard-team")
    before = [(await office.admin.get(place)).headers["etag"] for place in places]
    assert (await office.admin.delete(f"{PATH}/{rik_id}")).status_code == 204
    after = [(await office.admin.get(place)).headers["etag"] for place in places]
    assert [was == now for was, now in zip(before, after, strict=True)] == [False, True, False]
    assert made(await office.admin.get(team), 200) == {"items": []}
    kept = made(await office.admin.get("/v1/standard-team"), 200)["items"]
    assert [row["team_member_name"] for row in kept] == ["Eva"]
    assert made(await office.admin.get("/v1/deputies"), 200)["items"] == []
    assert (await eva.get("/v1/relations")).json()["items"] == []
    for place in (team, "/v1/standard-team"):
        problem(await office.admin.put(place, json={"items": roles}), 422, "unknown", "/items/0/team_member_id")
    ids = {"team_member_id": str(rik_id), "deputy_member_id": str(eva_id), "starts_on": "2026-01-01"}
    problem(await office.admin.post("/v1/deputies", json=ids), 422, "unknown", "/team_member_id")


async def test_what_he_wrote_keeps_his_name(office: Tenant) -> None:
    relation = await office.relation("1")
    contact_id, henk = await office.linked_contact(relation)
    about = {"relation_id": relation["id"], "subject": "Derde kwartaal", "contact_ids": [contact_id]}
    talk = made(await office.anna.post("/v1/conversations", json=about))
    made(await office.anna.post(f"/v1/conversations/{talk['id']}/messages", json={"text": "Dag Henk."}))
    assert (await office.admin.delete(f"{PATH}/{office.anna_id}")).status_code == 204
    found = made(await henk.get(f"/v1/conversations/{talk['id']}"), 200)
    assert [person["kind"] for person in found["participants"]] == ["contact"]
    said = made(await henk.get(f"/v1/conversations/{talk['id']}/messages"), 200)["items"]
    assert [message["sender_name"] for message in said] == ["Anna Jansen"]
    events = made(await office.admin.get("/v1/timeline", params={"relation_id": relation["id"]}), 200)["items"]
    assert "Anna Jansen" in {event["actor_name"] for event in events}


async def test_his_keys_end(office: Tenant) -> None:
    boss_id, boss = await office.member(Role.ADMINISTRATOR)
    key = made(await boss.post("/v1/api-keys", json={"name": "x", "scopes": ["relations:read"]}))["key"]
    client = office.client(key)
    made(await client.get("/v1/relations"), 200)
    assert (await office.admin.delete(f"{PATH}/{boss_id}")).status_code == 204
    problem(await client.get("/v1/relations"), 401, "token_invalid")


@pytest.mark.parametrize("method", ["DELETE", "PATCH"])
async def test_key_made_at_the_same_moment_ends_too(office: Tenant, method: str) -> None:
    """AU-02: held until both are at it: the key is made and revoked, or is not made; a block is no different."""
    boss_id, boss = await office.member(Role.ADMINISTRATOR)
    blocked = {"status": "blocked"} if method == "PATCH" else None
    async with lock_row(office, "team_members", boss_id) as release:
        ending = asyncio.create_task(office.admin.request(method, f"{PATH}/{boss_id}", json=blocked))
        await eventually(lambda: waiting_for_locks(office, 1), "the end waits for the member")
        making = asyncio.create_task(boss.post("/v1/api-keys", json={"name": "x", "scopes": ["relations:read"]}))
        await eventually(lambda: waiting_for_locks(office, 2), "both wait for the member")
        await release()
    ended, answer = await at_once(ending, making)
    assert ended.is_success
    if answer.status_code == 201:
        problem(await office.client(answer.json()["key"]).get("/v1/relations"), 401, "token_invalid")
    else:
        problem(answer, 403)
    keys = made(await office.admin.get("/v1/api-keys"), 200)["items"]
    assert all(key["revoked_at"] for key in keys)


async def test_last_administrator_stays(office: Tenant) -> None:
    """Not even by himself; with another one he may go."""
    own = f"{PATH}/{office.admin_id}"
    made(await office.admin.post(PATH, json=RIK | {"role": "administrator"}))  # invited is not yet active
    problem(await office.admin.delete(own), 409, "last_administrator")
    made(await office.admin.get(own), 200)
    _, other = await office.member(Role.ADMINISTRATOR)
    assert (await office.admin.delete(own)).status_code == 204
    problem(await office.admin.get(own), 401)
    problem(await other.get(own), 404)


async def test_two_administrators_remove_each_other(office: Tenant) -> None:
    """AZ-06: held until both are at it; one of them stays."""
    other_id, other = await office.member(Role.ADMINISTRATOR)
    async with lock_row(office, "offices", office.id) as release:
        calls = [
            asyncio.create_task(client.delete(f"{PATH}/{member_id}"))
            for client, member_id in ((office.admin, other_id), (other, office.admin_id))
        ]
        await eventually(lambda: waiting_for_locks(office, 2), "both wait for the office")
        await release()
    answers = sorted(await at_once(*calls), key=lambda answer: answer.status_code)
    assert answers[0].status_code == 204
    problem(answers[1], 409, "last_administrator")


async def test_removed_while_he_gets_a_role(office: Tenant) -> None:
    """Held until both are at it: he is in the team and then out of it, or was not there any more."""
    relation = await office.relation("1")
    rik_id, _ = await office.member(Role.READER)
    team, body = f"/v1/relations/{relation['id']}/team", {"team_member_id": str(rik_id), "role": "tax"}
    async with lock_row(office, "team_members", rik_id) as release:
        giving = asyncio.create_task(office.admin.put(team, json={"items": [body]}))
        removing = asyncio.create_task(office.admin.delete(f"{PATH}/{rik_id}"))
        await eventually(lambda: waiting_for_locks(office, 2), "both wait for the member")
        await release()
    given, removed = await at_once(giving, removing)
    assert removed.status_code == 204
    assert given.status_code in (200, 422)
    assert str(rik_id) not in (await office.admin.get(team)).text


async def test_stale_and_event(office: Tenant) -> None:
    path = f"{PATH}/{office.anna_id}"
    problem(await office.admin.delete(path, headers={"If-Match": '"0"'}), 412, "stale")
    assert (await office.admin.delete(path, headers={"If-Match": '"1"'})).status_code == 204
    events = made(await office.admin.get("/v1/timeline", params={"subject_id": str(office.anna_id)}), 200)["items"]
    assert [(event["action"], event["data"]) for event in events] == [("team_member.deleted", {"role": "mutator"})]
