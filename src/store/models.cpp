#include "store/models.h"

#include "base/error.h"

namespace vitrine::store {
namespace {

constexpr std::string_view kSelect =
    "SELECT id, name, kind, folder, sha256, size_bytes, round, created_at, state, gate_passed, "
    "gate, promoted_at, rolled_back_at FROM models WHERE ";

void read_row(Statement& row, Model& m) {
  row.read(m.id, m.name, m.kind, m.folder, m.sha256, m.size_bytes, m.round, m.created_at, m.state,
           m.gate_passed, m.gate, m.promoted_at, m.rolled_back_at);
}

std::optional<Model> first_of(Statement rows) {
  if (!rows.step()) return std::nullopt;
  Model model;
  read_row(rows, model);
  return model;
}

}  // namespace

void Models::add(const Model& m) {
  connection_.run(
      "INSERT INTO models (shop_id, id, name, kind, folder, sha256, size_bytes, round, state, "
      "gate, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'candidate', '', $9)",
      shop_id_, m.id, m.name, m.kind, m.folder, m.sha256, m.size_bytes, m.round, m.created_at);
}

void Models::add_first(const Model& model) {
  Transaction transaction(connection_);
  add(model);
  if (!serving(model.kind))
    connection_.run(
        "UPDATE models SET state = 'serving', promoted_at = $3 "
        "WHERE shop_id = $1 AND id = $2",
        shop_id_, model.id, model.created_at);
  transaction.commit();
}

std::optional<Model> Models::find(const std::string& id) {
  return first_of(
      connection_.query(std::string(kSelect) + "shop_id = $1 AND id = $2", shop_id_, id));
}

std::optional<Model> Models::serving(ModelKind kind) {
  return first_of(connection_.query(
      std::string(kSelect) + "shop_id = $1 AND kind = $2 AND state = 'serving'", shop_id_, kind));
}

std::vector<Model> Models::list() {
  std::vector<Model> models;
  Statement rows =
      connection_.query(std::string(kSelect) + "shop_id = $1 ORDER BY seq DESC", shop_id_);
  while (rows.step()) read_row(rows, models.emplace_back());
  return models;
}

bool Models::set_gate(const std::string& id, bool passed, const Document& gate) {
  return connection_.run(
             "UPDATE models SET gate_passed = $3, gate = $4 WHERE shop_id = $1 AND id = $2",
             shop_id_, id, passed, gate) == 1;
}

/// Two admins at once: the second one sees what the first one did. All models of the kind are held.
void Models::hold(const std::string& id) {
  Statement rows = connection_.query(
      concat("SELECT id FROM models WHERE shop_id = $1 AND kind = (SELECT kind FROM models WHERE "
             "shop_id = $1 AND id = $2) ORDER BY seq",
             connection_.dialect().for_update),
      shop_id_, id);
  while (rows.step()) {
  }
}

Promoted Models::promote(const std::string& id, UtcMillis now) {
  Transaction transaction(connection_);
  hold(id);
  const std::optional<Model> model = find(id);
  if (!model) return Promoted::not_found;
  if (model->state == ModelState::serving) return Promoted::done;
  if (!model->gate_passed.value_or(false)) return Promoted::gate_not_passed;
  connection_.run(
      "UPDATE models SET state = 'former' WHERE shop_id = $1 AND kind = $2 AND "
      "state = 'serving'",
      shop_id_, model->kind);
  connection_.run(
      "UPDATE models SET state = 'serving', promoted_at = $3, rolled_back_at = NULL "
      "WHERE shop_id = $1 AND id = $2",
      shop_id_, id, now);
  transaction.commit();
  return Promoted::done;
}

std::optional<Model> Models::roll_back(const std::string& id, UtcMillis now) {
  Transaction transaction(connection_);
  hold(id);
  const std::optional<Model> model = find(id);
  if (!model || model->state != ModelState::serving) return std::nullopt;
  const std::optional<Model> before = first_of(
      connection_.query(std::string(kSelect) + "shop_id = $1 AND kind = $2 AND state = 'former' "
                                               "ORDER BY promoted_at DESC, seq DESC LIMIT 1",
                        shop_id_, model->kind));
  if (!before) return std::nullopt;
  connection_.run(
      "UPDATE models SET state = 'candidate', rolled_back_at = $3 "
      "WHERE shop_id = $1 AND id = $2",
      shop_id_, id, now);
  connection_.run("UPDATE models SET state = 'serving' WHERE shop_id = $1 AND id = $2", shop_id_,
                  before->id);
  const std::optional<Model> serves = find(before->id);
  transaction.commit();
  return serves;
}

int Rounds::add(const Round& r) {
  Transaction transaction(connection_);
  std::string held;
  connection_.read_one(
      connection_.query(
          concat("SELECT id FROM shops WHERE id = $1", connection_.dialect().for_update), shop_id_),
      held);
  int number = 0;
  connection_.read_one(
      connection_.query("SELECT coalesce(max(number), 0) + 1 FROM rounds WHERE shop_id = $1",
                        shop_id_),
      number);
  connection_.run(
      "INSERT INTO rounds (shop_id, id, number, job_id, objective, picks, pairs, model_id, alarms, "
      "started_at, ended_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
      shop_id_, r.id, number, r.job_id, r.objective, r.picks, r.pairs, null_if_empty(r.model_id),
      r.alarms, r.started_at, r.ended_at);
  transaction.commit();
  return number;
}

bool Rounds::change(const Round& r) {
  return connection_.run(
             "UPDATE rounds SET picks = $3, pairs = $4, model_id = $5, alarms = $6, ended_at = $7 "
             "WHERE shop_id = $1 AND id = $2",
             shop_id_, r.id, r.picks, r.pairs, null_if_empty(r.model_id), r.alarms,
             r.ended_at) == 1;
}

std::vector<Round> Rounds::list() {
  std::vector<Round> rounds;
  Statement rows = connection_.query(
      "SELECT id, number, job_id, objective, picks, pairs, model_id, alarms, started_at, ended_at "
      "FROM rounds WHERE shop_id = $1 ORDER BY number DESC",
      shop_id_);
  while (rows.step()) {
    Round& r = rounds.emplace_back();
    rows.read(r.id, r.number, r.job_id, r.objective, r.picks, r.pairs, r.model_id, r.alarms,
              r.started_at, r.ended_at);
  }
  return rounds;
}

}  // namespace vitrine::store
