#include "store/candidates.h"

#include <set>

#include "store/copy_state.h"

namespace vitrine::store {
namespace {

constexpr std::string_view kSelect =
    "SELECT c.seq, c.id, c.kind, c.product_id, c.job_id, c.plan_id, c.place, c.text, c.prompt, "
    "c.tokens, c.logprob, c.origin, c.verdict, c.width, c.height, c.file, c.file_sha256, "
    "c.produce_id, c.model_sha256, c.seed, c.round, c.search_text, c.params, c.details, "
    "c.created_at "
    "FROM candidates c WHERE ";

int64_t read_row(Statement& row, Candidate& c) {
  int64_t seq = 0;
  row.read(seq, c.id, c.kind, c.product_id, c.job_id, c.plan_id, c.index, c.text, c.prompt,
           c.tokens, c.logprob, c.origin, c.verdict, c.width, c.height, c.file, c.file_sha256,
           c.produce_id, c.model_sha256, c.seed, c.round, c.search_text, c.params, c.details,
           c.created_at);
  return seq;
}

int64_t add_one(Connection& connection, const std::string& shop_id, const Candidate& c) {
  return connection.run(
      "INSERT INTO candidates (shop_id, id, kind, product_id, job_id, plan_id, place, text, "
      "prompt, tokens, logprob, origin, verdict, width, height, file, file_sha256, produce_id, "
      "model_sha256, seed, round, search_text, params, details, created_at) VALUES ($1, $2, $3, "
      "$4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, "
      "$23, $24, $25) ON CONFLICT (shop_id, id) DO NOTHING",
      shop_id, c.id, c.kind, c.product_id, c.job_id, null_if_empty(c.plan_id), c.index, c.text,
      c.prompt, c.tokens, c.logprob, c.origin, c.verdict, c.width, c.height, c.file, c.file_sha256,
      c.produce_id, c.model_sha256, c.seed, c.round, c.search_text, c.params, c.details,
      c.created_at);
}

}  // namespace

int64_t Candidates::add(const std::vector<Candidate>& candidates) {
  Transaction transaction(connection_);
  int64_t added = 0;
  std::set<std::pair<std::string, UtcMillis>> products;
  for (const Candidate& candidate : candidates) {
    added += add_one(connection_, shop_id_, candidate);
    products.emplace(candidate.product_id, candidate.created_at);
  }
  for (const auto& [product, now] : products)
    refresh_copy_state(connection_, shop_id_, product, now);
  transaction.commit();
  return added;
}

void Candidates::set_details(const std::vector<Candidate>& candidates) {
  Transaction transaction(connection_);
  for (const Candidate& c : candidates) {
    connection_.run(
        "UPDATE candidates SET details = $4 WHERE shop_id = $1 AND id = $2 AND text = $3",
        shop_id_, c.id, c.text, c.details);
  }
  transaction.commit();
}

std::optional<Candidate> Candidates::find(const std::string& id) {
  Statement rows =
      connection_.query(std::string(kSelect) + "c.shop_id = $1 AND c.id = $2", shop_id_, id);
  if (!rows.step()) return std::nullopt;
  Candidate candidate;
  read_row(rows, candidate);
  return candidate;
}

std::vector<Candidate> Candidates::find_all(const std::vector<std::string>& ids) {
  std::vector<Candidate> candidates;
  for (const std::string& id : ids) {
    if (auto candidate = find(id)) candidates.push_back(std::move(*candidate));
  }
  return candidates;
}

Page<Candidate> Candidates::list(const CandidateFilter& filter, const PageRequest& request) {
  Sql sql(kSelect);
  sql.add("c.shop_id = ", shop_id_);
  if (filter.kind) sql.add(" AND c.kind = ", *filter.kind);
  if (!filter.product_id.empty()) sql.add(" AND c.product_id = ", filter.product_id);
  if (!filter.job_id.empty()) sql.add(" AND c.job_id = ", filter.job_id);
  if (!filter.board_id.empty()) {
    sql.add(
        " AND EXISTS (SELECT 1 FROM board_candidates b WHERE b.shop_id = c.shop_id AND "
        "b.candidate_id = c.id AND b.board_id = ",
        filter.board_id);
    sql.add(")");
  }
  add_search(sql, connection_.dialect(), "c", "candidate_search", filter.words);
  add_page(sql, "c.seq", /*newest_first=*/true, request);
  return read_page<Candidate>(sql.query(connection_), request.limit, read_row);
}

}  // namespace vitrine::store
