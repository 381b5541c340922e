"""search in one statement"""

from collections.abc import Mapping

from alembic import op

from migrations.tenancy import OFFICE, role

revision = "e4f1b7a92c06"
down_revision = "5b7e2d90c4a1"
branch_labels = None
depends_on = None

TABLES = ("relations", "contacts")
WHERE = f"FROM {{table}} WHERE office_id = {OFFICE} AND"
ALL = "search LIKE patterns[1] AND search LIKE ALL (patterns)"
NEAR = "SELECT id, word_similarity(wanted, search) {where} wanted <% search"
SQL = "LANGUAGE sql STABLE SET plan_cache_mode = force_custom_plan"
# What each function of the table's owner gives, in which language, and its body (migration "search" says why).
FUNCTIONS = {
    # With what lists are sorted by, so that only the rows of a page are looked up.
    "found_{table}(patterns text[]) RETURNS TABLE (id uuid, number_sort text, name_key text, updated_at timestamptz)": (
        SQL,
        f"SELECT id, number_sort, name_key, updated_at {{where}} {ALL}",
    ),
    # How many these are by the planner's statistics: no more than that is asked, so it is as quick for "a" as for "z".
    "likely_{table}(patterns text[]) RETURNS bigint": (
        "LANGUAGE plpgsql",
        (
            "DECLARE plan json; BEGIN "
            "EXECUTE $q$ EXPLAIN (FORMAT JSON) SELECT {where} search LIKE ALL ($1) $q$ INTO plan USING patterns; "
            "RETURN plan->0->'Plan'->>'Plan Rows'; END"
        ),
    ),
    "near_{table}(wanted text, lowest double precision) RETURNS TABLE (id uuid, likeness real)": (
        "LANGUAGE plpgsql STABLE SET pg_trgm.word_similarity_threshold = 0.3",
        (
            "BEGIN PERFORM set_config('pg_trgm.word_similarity_threshold', lowest::text, true); "
            "RETURN QUERY SELECT t.id, word_similarity(wanted, t.search) {where} wanted <% t.search; END"
        ),
    ),
}
BEFORE = {
    "found_{table}(patterns text[], most integer) RETURNS SETOF uuid": (SQL, f"SELECT id {{where}} {ALL} LIMIT most"),
    "near_{table}(wanted text) RETURNS TABLE (id uuid, likeness real)": (
        f"{SQL} SET pg_trgm.word_similarity_threshold = 0.3",
        NEAR,
    ),
}


def upgrade() -> None:
    _replace(BEFORE, FUNCTIONS)


def downgrade() -> None:
    _replace(FUNCTIONS, BEFORE)


def _replace(old: Mapping[str, tuple[str, str]], new: Mapping[str, tuple[str, str]]) -> None:
    op.execute("SELECT show_trgm('')")  # only what is loaded has settings that a plain owner may set
    for table in TABLES:
        for declaration in old:
            op.execute(f"DROP FUNCTION {_signature(declaration, table)}")
        for declaration, (language, body) in new.items():
            _create(table, declaration, language, body)


def _create(table: str, declaration: str, language: str, body: str) -> None:
    where = WHERE.format(table=f"{table} t" if "t.search" in body else table)
    op.execute(
        f"CREATE FUNCTION {declaration.format(table=table)} {language} SECURITY DEFINER "
        f"SET search_path = public, pg_temp AS $$ {body.format(where=where)} $$"
    )
    signature = _signature(declaration, table)
    op.execute(f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC")
    op.execute(f'GRANT EXECUTE ON FUNCTION {signature} TO "{role()}"')


def _signature(declaration: str, table: str) -> str:
    return declaration.partition(" RETURNS ")[0].format(table=table)
