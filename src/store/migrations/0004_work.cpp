#include "store/migrations/steps.h"

namespace vitrine::store {

const Migration kStep4Work = {.version = 4, .name = "work", .sql = R"sql(
CREATE TABLE jobs (
  seq SEQUENCE,
  shop_id TEXT NOT NULL,
  id TEXT NOT NULL,
  kind TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
  priority INTEGER NOT NULL,
  request TEXT NOT NULL,
  request_sha256 TEXT NOT NULL,
  idempotency_key TEXT,
  user_id TEXT NOT NULL,
  done INTEGER NOT NULL,
  total INTEGER,
  eta_seconds REAL,
  checkpoint TEXT NOT NULL,
  result TEXT NOT NULL,
  failure_code TEXT NOT NULL,
  failure_detail TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  losses INTEGER NOT NULL,
  worker TEXT NOT NULL,
  beat_at INTEGER,
  lease_until INTEGER,
  busy_ms INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  started_at INTEGER,
  ended_at INTEGER,
  UNIQUE (shop_id, id),
  UNIQUE (shop_id, idempotency_key),
  FOREIGN KEY (shop_id, user_id) REFERENCES users (shop_id, id)
) STRICT;
CREATE INDEX jobs_to_do ON jobs (state, priority, seq);
CREATE INDEX jobs_in_order ON jobs (shop_id, seq);
CREATE INDEX jobs_of_user ON jobs (shop_id, user_id, created_at);

CREATE TABLE models (
  seq SEQUENCE,
  shop_id TEXT NOT NULL REFERENCES shops (id),
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('copy', 'ranker', 'tagger', 'pictures')),
  folder TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  round INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('serving', 'former', 'candidate')),
  gate_passed INTEGER,
  gate TEXT NOT NULL,
  promoted_at INTEGER,
  rolled_back_at INTEGER,
  created_at INTEGER NOT NULL,
  UNIQUE (shop_id, id)
) STRICT;
CREATE UNIQUE INDEX one_serving_model ON models (shop_id, kind) WHERE state = 'serving';

CREATE TABLE rounds (
  seq SEQUENCE,
  shop_id TEXT NOT NULL,
  id TEXT NOT NULL,
  number INTEGER NOT NULL,
  job_id TEXT NOT NULL,
  objective TEXT NOT NULL,
  picks INTEGER NOT NULL,
  pairs INTEGER NOT NULL,
  model_id TEXT,
  alarms TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at INTEGER,
  UNIQUE (shop_id, id),
  UNIQUE (shop_id, number),
  FOREIGN KEY (shop_id, job_id) REFERENCES jobs (shop_id, id),
  FOREIGN KEY (shop_id, model_id) REFERENCES models (shop_id, id)
) STRICT;

CREATE TABLE exports (
  seq SEQUENCE,
  shop_id TEXT NOT NULL,
  id TEXT NOT NULL,
  job_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  file TEXT NOT NULL,
  stored_as TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  counts TEXT NOT NULL,
  verified INTEGER NOT NULL,
  dry_run INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  UNIQUE (shop_id, id),
  FOREIGN KEY (shop_id, job_id) REFERENCES jobs (shop_id, id),
  FOREIGN KEY (shop_id, user_id) REFERENCES users (shop_id, id)
) STRICT;
)sql"};

}  // namespace vitrine::store
