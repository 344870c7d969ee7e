#include "store/migrations/steps.h"

namespace vitrine::store {

// Every table of a shop's things has shop_id in its key and in its foreign keys: a row cannot refer
// to another shop's row. seq counts rows in the order in which they came.
const Migration kStep1Shops = {.version = 1,
                               .name = "shops",
                               .sql = R"sql(
CREATE TABLE shops (
  seq SEQUENCE,
  id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  producer TEXT,
  label_wording TEXT NOT NULL,
  label_place TEXT NOT NULL CHECK (label_place IN ('start', 'end')),
  own_approval INTEGER NOT NULL,
  price_per_hour REAL NOT NULL CHECK (price_per_hour >= 0),
  operator_price_per_hour REAL NOT NULL CHECK (operator_price_per_hour >= 0),
  currency TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE users (
  seq SEQUENCE,
  shop_id TEXT NOT NULL REFERENCES shops (id),
  id TEXT NOT NULL,
  name TEXT NOT NULL UNIQUE,
  role TEXT NOT NULL CHECK (role IN ('writer', 'reviewer', 'admin')),
  password_hash TEXT NOT NULL,
  active INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  seen_at INTEGER,
  UNIQUE (shop_id, id)
) STRICT;

CREATE TABLE sessions (
  seq SEQUENCE,
  secret_sha256 TEXT NOT NULL UNIQUE,
  shop_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  csrf_token TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  FOREIGN KEY (shop_id, user_id) REFERENCES users (shop_id, id)
) STRICT;
CREATE INDEX sessions_of_user ON sessions (shop_id, user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE api_tokens (
  seq SEQUENCE,
  secret_sha256 TEXT NOT NULL UNIQUE,
  shop_id TEXT NOT NULL,
  id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  name TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  used_at INTEGER,
  expires_at INTEGER,
  UNIQUE (shop_id, id),
  FOREIGN KEY (shop_id, user_id) REFERENCES users (shop_id, id)
) STRICT;

CREATE TABLE audit (
  seq SEQUENCE,
  shop_id TEXT NOT NULL REFERENCES shops (id),
  id TEXT NOT NULL,
  time INTEGER NOT NULL,
  user_name TEXT NOT NULL,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  before TEXT NOT NULL,
  after TEXT NOT NULL,
  UNIQUE (shop_id, id)
) STRICT;
CREATE INDEX audit_of_subject ON audit (shop_id, subject, seq);
)sql",
                               .sqlite_sql = R"sql(
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
  BEGIN SELECT RAISE(ABORT, 'the audit trail is only ever added to'); END;
CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit
  BEGIN SELECT RAISE(ABORT, 'the audit trail is only ever added to'); END;
)sql",
                               .postgres_sql = R"sql(
CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN RAISE EXCEPTION 'the audit trail is only ever added to'; END $$;
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
)sql"};

}  // namespace vitrine::store
