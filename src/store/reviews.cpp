#include "store/reviews.h"

#include "base/error.h"
#include "base/hash.h"
#include "store/copy_state.h"

namespace vitrine::store {
namespace {

constexpr std::string_view kSelect =
    "SELECT r.seq, r.id, r.kind, r.product_id, r.pick_id, r.candidate_id, r.field, r.platform, "
    "r.style, r.text, r.check_report, r.author_id, r.created_at, r.updated_at, r.state, p.title, "
    "r.text_sha256, a.name, r.reviewer_id, d.name, r.reason FROM reviews r "
    "JOIN products p ON p.shop_id = r.shop_id AND p.id = r.product_id "
    "JOIN users a ON a.shop_id = r.shop_id AND a.id = r.author_id "
    "LEFT JOIN users d ON d.shop_id = r.shop_id AND d.id = r.reviewer_id WHERE ";

int64_t read_row(Statement& row, Review& r) {
  int64_t seq = 0;
  row.read(seq, r.id, r.kind, r.product_id, r.pick_id, r.candidate_id, r.field, r.platform, r.style,
           r.text, r.check_report, r.author_id, r.created_at, r.updated_at, r.state,
           r.product_title, r.text_sha256, r.author, r.reviewer_id, r.reviewer, r.reason);
  return seq;
}

std::string hash_of_text(const std::string& text) { return text.empty() ? "" : sha256_hex(text); }

Decided judge(const Review& review, const Decision& decision) {
  if (!decision.text_sha256.empty() && decision.text_sha256 != review.text_sha256)
    return Decided::changed;
  const bool pending = review.state == ReviewState::pending;
  const bool approved = review.state == ReviewState::approved;
  if (decision.kind == DecisionKind::reject) {
    if (!pending && !approved) return Decided::not_in_state;
  } else if (!pending) {
    return Decided::not_in_state;
  }
  return Decided::done;
}

}  // namespace

std::string Reviews::open(const Review& r) {
  Transaction transaction(connection_);
  connection_.run(
      "INSERT INTO reviews (shop_id, id, kind, product_id, pick_id, candidate_id, field, platform, "
      "style, text, text_sha256, check_report, state, author_id, reviewer_id, reason, created_at, "
      "updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'pending', $13, "
      "NULL, '', $14, $15) ON CONFLICT (shop_id, pick_id, candidate_id) DO UPDATE SET text = "
      "excluded.text, text_sha256 = excluded.text_sha256, check_report = excluded.check_report, "
      "state = 'pending', author_id = excluded.author_id, reviewer_id = NULL, reason = '', "
      "updated_at = excluded.updated_at WHERE reviews.state IN ('pending', 'rejected')",
      shop_id_, r.id, r.kind, r.product_id, r.pick_id, r.candidate_id, r.field, r.platform, r.style,
      r.text, hash_of_text(r.text), r.check_report, r.author_id, r.created_at, r.updated_at);
  refresh_copy_state(connection_, shop_id_, r.product_id, r.updated_at);
  std::string id;
  connection_.read_one(
      connection_.query("SELECT id FROM reviews WHERE shop_id = $1 AND pick_id = $2 "
                        "AND candidate_id = $3",
                        shop_id_, r.pick_id, r.candidate_id),
      id);
  transaction.commit();
  return id;
}

std::optional<Review> Reviews::find(const std::string& id) {
  Statement rows =
      connection_.query(std::string(kSelect) + "r.shop_id = $1 AND r.id = $2", shop_id_, id);
  if (!rows.step()) return std::nullopt;
  Review review;
  read_row(rows, review);
  return review;
}

Decided Reviews::decide(const Decision& decision) {
  Transaction transaction(connection_);
  // Two reviewers at once: the second one sees what the first one did.
  std::string held;
  connection_.read_one(
      connection_.query(concat("SELECT id FROM reviews WHERE shop_id = $1 AND id = $2",
                               connection_.dialect().for_update),
                        shop_id_, decision.review_id),
      held);
  const std::optional<Review> review = find(decision.review_id);
  if (!review) return Decided::not_found;
  const Decided verdict = judge(*review, decision);
  if (verdict != Decided::done) return verdict;
  const bool approves = decision.kind == DecisionKind::approve;
  if (approves && !decision.own_approval && is_author(*review, decision.user_id)) return Decided::own_work;
  apply(*review, decision);
  refresh_copy_state(connection_, shop_id_, review->product_id, decision.time);
  transaction.commit();
  return Decided::done;
}

bool Reviews::is_author(const Review& review, const std::string& user_id) {
  if (user_id == review.author_id) return true;
  int64_t one = 0;
  return connection_.read_one(
      connection_.query("SELECT 1 FROM decisions WHERE shop_id = $1 AND review_id = $2 AND "
                        "user_id = $3 AND decision = 'edit' LIMIT 1",
                        shop_id_, review.id, user_id),
      one);
}

void Reviews::apply(const Review& review, const Decision& decision) {
  if (decision.kind == DecisionKind::edit) {
    VITRINE_REQUIRE(!decision.text.empty(), "[Reviews] edit: expected a text, got nothing");
    connection_.run(
        "UPDATE reviews SET text = $3, text_sha256 = $4, check_report = $5, updated_at = $6 "
        "WHERE shop_id = $1 AND id = $2",
        shop_id_, review.id, decision.text, hash_of_text(decision.text), decision.check_report,
        decision.time);
  } else {
    const bool approves = decision.kind == DecisionKind::approve;
    connection_.run(
        "UPDATE reviews SET state = $3, reviewer_id = $4, reason = $5, updated_at = $6 "
        "WHERE shop_id = $1 AND id = $2",
        shop_id_, review.id, approves ? ReviewState::approved : ReviewState::rejected,
        decision.user_id, decision.reason, decision.time);
  }
  connection_.run(
      "INSERT INTO decisions (shop_id, review_id, user_id, decision, text, reason, time) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7)",
      shop_id_, review.id, decision.user_id, decision.kind, decision.text, decision.reason,
      decision.time);
}

int64_t Reviews::set_exported(const std::vector<std::string>& ids, UtcMillis now) {
  Transaction transaction(connection_);
  int64_t exported = 0;
  for (const std::string& id : ids) {
    const int64_t changed = connection_.run(
        "UPDATE reviews SET state = 'exported', updated_at = $3 WHERE shop_id = $1 AND id = $2 AND "
        "state = 'approved'",
        shop_id_, id, now);
    if (changed == 1) refresh_copy_state(connection_, shop_id_, find(id)->product_id, now);
    exported += changed;
  }
  transaction.commit();
  return exported;
}

Page<Review> Reviews::list(std::optional<ReviewState> state, const std::string& product_id,
                           const PageRequest& request) {
  Sql sql(kSelect);
  sql.add("r.shop_id = ", shop_id_);
  if (state) sql.add(" AND r.state = ", *state);
  if (!product_id.empty()) sql.add(" AND r.product_id = ", product_id);
  add_page(sql, "r.seq", /*newest_first=*/false, request);
  return read_page<Review>(sql.query(connection_), request.limit, read_row);
}

ReviewStateCounts Reviews::counts(const std::string& product_id) {
  Sql sql("SELECT state, count(*) FROM reviews WHERE ");
  sql.add("shop_id = ", shop_id_);
  if (!product_id.empty()) sql.add(" AND product_id = ", product_id);
  sql.add(" GROUP BY state");
  ReviewStateCounts counts{};
  Statement rows = sql.query(connection_);
  while (rows.step()) {
    ReviewState state{};
    int64_t count = 0;
    rows.read(state, count);
    counts[static_cast<size_t>(state)] = count;
  }
  return counts;
}

std::vector<std::string> Reviews::newest_approved(const std::string& product_id, const std::string& field) {
  std::vector<std::string> ids;
  Statement rows = connection_.query(
      "SELECT r.id FROM reviews r WHERE r.shop_id = $1 AND r.product_id = $2 AND r.kind = 'copy' "
      "AND r.field = $3 AND r.state IN ('approved', 'exported') ORDER BY COALESCE((SELECT "
      "max(d.seq) FROM decisions d WHERE d.shop_id = r.shop_id AND d.review_id = r.id AND "
      "d.decision = 'approve'), 0) DESC, r.seq DESC",
      shop_id_, product_id, field);
  while (rows.step()) rows.read(ids.emplace_back());
  return ids;
}

std::vector<Decision> Reviews::decisions(const std::string& review_id) {
  std::vector<Decision> decisions;
  Statement rows = connection_.query(
      "SELECT review_id, user_id, decision, text, reason, time FROM decisions "
      "WHERE shop_id = $1 AND review_id = $2 ORDER BY seq",
      shop_id_, review_id);
  while (rows.step()) {
    Decision& d = decisions.emplace_back();
    rows.read(d.review_id, d.user_id, d.kind, d.text, d.reason, d.time);
  }
  return decisions;
}

}  // namespace vitrine::store
