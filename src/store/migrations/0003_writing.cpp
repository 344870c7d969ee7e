#include "store/migrations/steps.h"

namespace vitrine::store {

const Migration kStep3Writing = {.version = 3,
                                 .name = "writing",
                                 .sql = R"sql(
CREATE TABLE plans (
  seq SEQUENCE,
  shop_id TEXT NOT NULL,
  id TEXT NOT NULL,
  product_id TEXT NOT NULL,
  field TEXT NOT NULL,
  style TEXT NOT NULL,
  platform TEXT NOT NULL,
  audience TEXT NOT NULL,
  length INTEGER NOT NULL,
  factors TEXT NOT NULL,
  document TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  UNIQUE (shop_id, id),
  FOREIGN KEY (shop_id, product_id) REFERENCES products (shop_id, id)
) STRICT;
CREATE INDEX plans_of_product ON plans (shop_id, product_id);

CREATE TABLE candidates (
  seq SEQUENCE,
  shop_id TEXT NOT NULL,
  id TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('copy', 'image')),
  product_id TEXT NOT NULL,
  job_id TEXT NOT NULL,
  plan_id TEXT,
  place INTEGER NOT NULL,
  text TEXT NOT NULL,
  prompt TEXT NOT NULL,
  tokens INTEGER NOT NULL,
  logprob REAL NOT NULL,
  origin TEXT NOT NULL,
  verdict TEXT NOT NULL,
  width INTEGER NOT NULL,
  height INTEGER NOT NULL,
  file TEXT NOT NULL,
  file_sha256 TEXT NOT NULL,
  produce_id TEXT NOT NULL,
  model_sha256 TEXT NOT NULL,
  seed INTEGER NOT NULL,
  round INTEGER NOT NULL,
  search_text TEXT NOT NULL,
  params TEXT NOT NULL,
  details TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  UNIQUE (shop_id, id),
  FOREIGN KEY (shop_id, product_id) REFERENCES products (shop_id, id),
  FOREIGN KEY (shop_id, plan_id) REFERENCES plans (shop_id, id)
) STRICT;
CREATE INDEX candidates_in_order ON candidates (shop_id, seq);
CREATE INDEX candidates_of_product ON candidates (shop_id, product_id, seq);
CREATE INDEX candidates_of_job ON candidates (shop_id, job_id, seq);

CREATE TABLE picks (
  seq SEQUENCE,
  shop_id TEXT NOT NULL,
  id TEXT NOT NULL,
  product_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  reason TEXT NOT NULL,
  ms INTEGER NOT NULL CHECK (ms >= 0),
  time INTEGER NOT NULL,
  UNIQUE (shop_id, id),
  FOREIGN KEY (shop_id, product_id) REFERENCES products (shop_id, id),
  FOREIGN KEY (shop_id, user_id) REFERENCES users (shop_id, id)
) STRICT;
CREATE INDEX picks_by_time ON picks (shop_id, time, seq);

CREATE TABLE shown_candidates (
  shop_id TEXT NOT NULL,
  pick_id TEXT NOT NULL,
  place INTEGER NOT NULL,
  candidate_id TEXT NOT NULL,
  chosen_as INTEGER,
  rank INTEGER,
  edited_text TEXT,
  PRIMARY KEY (shop_id, pick_id, place),
  UNIQUE (shop_id, pick_id, candidate_id),
  FOREIGN KEY (shop_id, pick_id) REFERENCES picks (shop_id, id),
  FOREIGN KEY (shop_id, candidate_id) REFERENCES candidates (shop_id, id)
) STRICT;

CREATE TABLE reviews (
  seq SEQUENCE,
  shop_id TEXT NOT NULL,
  id TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('copy', 'image')),
  product_id TEXT NOT NULL,
  pick_id TEXT NOT NULL,
  candidate_id TEXT NOT NULL,
  field TEXT NOT NULL,
  platform TEXT NOT NULL,
  style TEXT NOT NULL,
  text TEXT NOT NULL,
  text_sha256 TEXT NOT NULL,
  check_report TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('pending', 'approved', 'rejected', 'exported')),
  author_id TEXT NOT NULL,
  reviewer_id TEXT,
  reason TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  UNIQUE (shop_id, id),
  UNIQUE (shop_id, pick_id, candidate_id),
  FOREIGN KEY (shop_id, pick_id, candidate_id)
    REFERENCES shown_candidates (shop_id, pick_id, candidate_id),
  FOREIGN KEY (shop_id, product_id) REFERENCES products (shop_id, id),
  FOREIGN KEY (shop_id, author_id) REFERENCES users (shop_id, id),
  FOREIGN KEY (shop_id, reviewer_id) REFERENCES users (shop_id, id)
) STRICT;
CREATE INDEX reviews_by_state ON reviews (shop_id, state, seq);
CREATE INDEX reviews_of_product ON reviews (shop_id, product_id, seq);

CREATE TABLE decisions (
  seq SEQUENCE,
  shop_id TEXT NOT NULL,
  review_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  decision TEXT NOT NULL CHECK (decision IN ('approve', 'edit', 'reject')),
  text TEXT NOT NULL,
  reason TEXT NOT NULL,
  time INTEGER NOT NULL,
  FOREIGN KEY (shop_id, review_id) REFERENCES reviews (shop_id, id) ON DELETE CASCADE,
  FOREIGN KEY (shop_id, user_id) REFERENCES users (shop_id, id)
) STRICT;
CREATE INDEX decisions_of_review ON decisions (shop_id, review_id, seq);

CREATE TABLE presets (
  shop_id TEXT NOT NULL REFERENCES shops (id),
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  factors TEXT NOT NULL,
  PRIMARY KEY (shop_id, id)
) STRICT;

CREATE TABLE boards (
  shop_id TEXT NOT NULL REFERENCES shops (id),
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  PRIMARY KEY (shop_id, id)
) STRICT;

CREATE TABLE board_candidates (
  shop_id TEXT NOT NULL,
  board_id TEXT NOT NULL,
  place INTEGER NOT NULL,
  candidate_id TEXT NOT NULL,
  PRIMARY KEY (shop_id, board_id, place),
  UNIQUE (shop_id, board_id, candidate_id),
  FOREIGN KEY (shop_id, board_id) REFERENCES boards (shop_id, id) ON DELETE CASCADE,
  FOREIGN KEY (shop_id, candidate_id) REFERENCES candidates (shop_id, id)
) STRICT;
)sql",
                                 .sqlite_sql = R"sql(
CREATE VIRTUAL TABLE candidate_search USING fts5(
  search_text, content='candidates', content_rowid='seq', tokenize='trigram');
CREATE TRIGGER candidate_search_added AFTER INSERT ON candidates BEGIN
  INSERT INTO candidate_search (rowid, search_text) VALUES (new.seq, new.search_text);
END;
)sql"};

}  // namespace vitrine::store
