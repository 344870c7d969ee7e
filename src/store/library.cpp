#include "store/library.h"

namespace vitrine::store {

void Presets::put(const Preset& preset) {
  connection_.run(
      "INSERT INTO presets (shop_id, id, name, factors) VALUES ($1, $2, $3, $4) "
      "ON CONFLICT (shop_id, id) DO UPDATE SET name = excluded.name, factors = excluded.factors",
      shop_id_, preset.id, preset.name, preset.factors);
}

bool Presets::remove(const std::string& id) {
  return connection_.run("DELETE FROM presets WHERE shop_id = $1 AND id = $2", shop_id_, id) == 1;
}

std::vector<Preset> Presets::list() {
  std::vector<Preset> presets;
  Statement rows = connection_.query(
      "SELECT id, name, factors FROM presets WHERE shop_id = $1 ORDER BY name, id", shop_id_);
  while (rows.step()) {
    Preset& preset = presets.emplace_back();
    rows.read(preset.id, preset.name, preset.factors);
  }
  return presets;
}

void Boards::put(const Board& board) {
  Transaction transaction(connection_);
  connection_.run(
      "INSERT INTO boards (shop_id, id, name) VALUES ($1, $2, $3) "
      "ON CONFLICT (shop_id, id) DO UPDATE SET name = excluded.name",
      shop_id_, board.id, board.name);
  connection_.run("DELETE FROM board_candidates WHERE shop_id = $1 AND board_id = $2", shop_id_,
                  board.id);
  for (size_t place = 0; place < board.candidate_ids.size(); ++place) {
    connection_.run(
        "INSERT INTO board_candidates (shop_id, board_id, place, candidate_id) "
        "VALUES ($1, $2, $3, $4)",
        shop_id_, board.id, place, board.candidate_ids[place]);
  }
  transaction.commit();
}

bool Boards::remove(const std::string& id) {
  return connection_.run("DELETE FROM boards WHERE shop_id = $1 AND id = $2", shop_id_, id) == 1;
}

std::vector<Board> Boards::list() {
  std::vector<Board> boards;
  Statement rows = connection_.query(
      "SELECT b.id, b.name, c.candidate_id FROM boards b LEFT JOIN board_candidates c "
      "ON c.shop_id = b.shop_id AND c.board_id = b.id WHERE b.shop_id = $1 "
      "ORDER BY b.name, b.id, c.place",
      shop_id_);
  while (rows.step()) {
    Board row;
    std::string candidate_id;
    rows.read(row.id, row.name, candidate_id);
    if (boards.empty() || boards.back().id != row.id) boards.push_back(std::move(row));
    if (!candidate_id.empty()) boards.back().candidate_ids.push_back(std::move(candidate_id));
  }
  return boards;
}

}  // namespace vitrine::store
