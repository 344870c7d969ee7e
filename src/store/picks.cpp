#include "store/picks.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "base/error.h"
#include "store/copy_state.h"

namespace vitrine::store {
namespace {

using Ids = std::vector<std::string>;

std::optional<int64_t> place_in(const Ids& ids, const std::string& id) {
  const auto found = std::find(ids.begin(), ids.end(), id);
  return found == ids.end() ? std::nullopt : std::optional<int64_t>(found - ids.begin());
}

void require_subset(const Ids& part, const Ids& whole, std::string_view what) {
  const std::set<std::string> unique(part.begin(), part.end());
  VITRINE_REQUIRE(unique.size() == part.size(), "[Picks] ", what, ": an id comes twice");
  for (const std::string& id : part)
    VITRINE_REQUIRE(place_in(whole, id), "[Picks] ", what, ": ", id, " was not shown");
}

void require_good(const Pick& pick) {
  VITRINE_REQUIRE(!pick.shown_ids.empty(), "[Picks] shown_ids: expected at least one, got none");
  require_subset(pick.shown_ids, pick.shown_ids, "shown_ids");
  require_subset(pick.chosen, pick.shown_ids, "chosen");
  require_subset(pick.order, pick.shown_ids, "order");
  Ids edited;
  for (const Edit& edit : pick.edits) {
    edited.push_back(edit.from);
    VITRINE_REQUIRE(!edit.to.empty(), "[Picks] edits: ", edit.from,
                    ": expected a text, got nothing");
  }
  require_subset(edited, pick.chosen, "edits");
}

std::optional<std::string> edited_text(const Pick& pick, const std::string& id) {
  for (const Edit& edit : pick.edits) {
    if (edit.from == id) return edit.to;
  }
  return std::nullopt;
}

/// "time.seq" of the last pick of a page.
struct PickCursor {
  UtcMillis time{std::chrono::milliseconds(-1)};
  int64_t seq = 0;
};

PickCursor parse_pick_cursor(std::string_view text) {
  if (text.empty()) return {};
  const size_t dot = text.find('.');
  VITRINE_REQUIRE(dot != std::string_view::npos,
                  "[Picks] cursor: expected the `next` of a page, got ", text);
  return {UtcMillis(std::chrono::milliseconds(parse_cursor(text.substr(0, dot)))),
          parse_cursor(text.substr(dot + 1))};
}

/// One shown candidate of a pick, as the statement of Picks::page gives it.
struct ShownRow {
  int64_t seq = 0;
  PickInFull head;
  std::string candidate_id, text;
  std::optional<int64_t> chosen_as, rank;
  std::optional<std::string> edited_text;
};

void read_row(Statement& statement, ShownRow& row) {
  Pick& pick = row.head.pick;
  PickInFull& full = row.head;
  statement.read(row.seq, pick.id, pick.product_id, pick.user_id, pick.user_name, pick.reason,
                 pick.ms, pick.time, pick.by_job, row.candidate_id, row.text, row.chosen_as, row.rank,
                 row.edited_text, full.kind, full.prompt, full.round, full.field, full.style,
                 full.platform, full.audience);
}

/// Puts the shown candidates of one pick, which come in the order of the screen, back together.
class PickBuilder {
 public:
  void take(const ShownRow& row) {
    if (full_.pick.shown_ids.empty()) full_ = row.head;
    full_.pick.shown_ids.push_back(row.candidate_id);
    full_.texts.push_back(row.text);
    if (row.chosen_as) chosen_[*row.chosen_as] = row.candidate_id;
    if (row.rank) order_[*row.rank] = row.candidate_id;
    if (row.edited_text) edits_[row.candidate_id] = *row.edited_text;
  }

  PickInFull take_pick() {
    PickInFull full = std::move(full_);
    for (const auto& [place, id] : chosen_) {
      full.pick.chosen.push_back(id);
      if (const auto edit = edits_.find(id); edit != edits_.end())
        full.pick.edits.push_back({edit->first, edit->second});
    }
    for (const auto& [place, id] : order_) full.pick.order.push_back(id);
    *this = PickBuilder();
    return full;
  }

 private:
  PickInFull full_;
  std::map<int64_t, std::string> chosen_, order_;
  std::map<std::string, std::string> edits_;
};

constexpr std::string_view kSelectShown =
    "SELECT p.seq, p.id, p.product_id, p.user_id, u.name, p.reason, p.ms, p.time, p.by_job, "
    "s.candidate_id, "
    "c.text, s.chosen_as, s.rank, s.edited_text, c.kind, c.prompt, c.round, l.field, l.style, "
    "l.platform, l.audience FROM ";
constexpr std::string_view kJoinShown =
    " p JOIN users u ON u.shop_id = p.shop_id AND u.id = p.user_id "
    "JOIN shown_candidates s ON s.shop_id = p.shop_id AND s.pick_id = p.id "
    "JOIN candidates c ON c.shop_id = s.shop_id AND c.id = s.candidate_id "
    "LEFT JOIN plans l ON l.shop_id = c.shop_id AND l.id = c.plan_id ";

}  // namespace

PutPick Picks::put(const Pick& pick) {
  require_good(pick);
  Transaction transaction(connection_);
  const bool added = is_new(pick);
  const PutPick result = added ? PutPick::stored : check_former(pick);
  if (result != PutPick::stored) return result;
  write_shown(pick, added);
  refresh_copy_state(connection_, shop_id_, pick.product_id, pick.time);
  transaction.commit();
  return result;
}

/// Adds the pick's own row when its id is not there; the row of a former pick is held until the
/// transaction ends.
bool Picks::is_new(const Pick& pick) {
  return connection_.run(
             "INSERT INTO picks (shop_id, id, product_id, user_id, reason, ms, time, "
             "by_job) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) "
             "ON CONFLICT (shop_id, id) DO NOTHING",
             shop_id_, pick.id, pick.product_id, pick.user_id, pick.reason, pick.ms, pick.time,
             pick.by_job) == 1;
}

PutPick Picks::check_former(const Pick& pick) {
  connection_.run(
      "UPDATE picks SET user_id = $3, reason = $4, ms = $5, time = $6, by_job = $7 "
      "WHERE shop_id = $1 AND id = $2",
      shop_id_, pick.id, pick.user_id, pick.reason, pick.ms, pick.time, pick.by_job);
  const std::optional<Pick> former = find(pick.id);
  if (former->shown_ids != pick.shown_ids || former->product_id != pick.product_id)
    return PutPick::shown_differs;
  int64_t decided = 0;
  connection_.read_one(
      connection_.query("SELECT count(*) FROM reviews WHERE shop_id = $1 AND pick_id = $2 AND "
                        "state IN ('approved', 'exported')",
                        shop_id_, pick.id),
      decided);
  return decided > 0 ? PutPick::closed : PutPick::stored;
}

void Picks::write_shown(const Pick& pick, bool is_new) {
  for (size_t place = 0; place < pick.shown_ids.size(); ++place) {
    const std::string& id = pick.shown_ids[place];
    if (is_new) {
      const int64_t added = connection_.run(
          "INSERT INTO shown_candidates (shop_id, pick_id, place, candidate_id) SELECT c.shop_id, "
          "$2, $3, c.id FROM candidates c WHERE c.shop_id = $1 AND c.id = $4 AND c.product_id = $5",
          shop_id_, pick.id, place, id, pick.product_id);
      VITRINE_REQUIRE(added == 1, "[Picks] shown_ids: ", id, " is no candidate of product ",
                      pick.product_id);
    }
    connection_.run(
        "UPDATE shown_candidates SET chosen_as = $4, rank = $5, edited_text = $6 "
        "WHERE shop_id = $1 AND pick_id = $2 AND place = $3",
        shop_id_, pick.id, place, place_in(pick.chosen, id), place_in(pick.order, id),
        edited_text(pick, id));
  }
  connection_.run(
      "DELETE FROM reviews WHERE shop_id = $1 AND pick_id = $2 AND candidate_id IN (SELECT "
      "candidate_id FROM shown_candidates WHERE shop_id = $1 AND pick_id = $2 AND chosen_as IS "
      "NULL)",
      shop_id_, pick.id);
}

std::optional<Pick> Picks::find(const std::string& id) {
  Statement rows = connection_.query(concat(kSelectShown, "picks", kJoinShown,
                                            "WHERE p.shop_id = $1 AND p.id = $2 ORDER BY s.place"),
                                     shop_id_, id);
  PickBuilder builder;
  bool found = false;
  while (rows.step()) {
    ShownRow row;
    read_row(rows, row);
    builder.take(row);
    found = true;
  }
  return found ? std::optional(builder.take_pick().pick) : std::nullopt;
}

Page<PickInFull> Picks::page(const PickPeriod& period, const PageRequest& request) {
  require_limit(request.limit);
  const PickCursor after = parse_pick_cursor(request.cursor);
  Sql sql(kSelectShown);
  sql.add("(SELECT * FROM picks WHERE by_job = 0 AND shop_id = ", shop_id_).add(" AND time >= ", period.from);
  sql.add(" AND time < ", period.to).add(" AND (time, seq) > (", after.time).add(", ", after.seq);
  sql.add(") ORDER BY time, seq LIMIT ", request.limit + 1);
  sql.add(")").add(kJoinShown).add("ORDER BY p.time, p.seq, s.place");
  Page<PickInFull> page;
  PickBuilder builder;
  PickCursor last{.seq = -1};
  Statement rows = sql.query(connection_);
  while (rows.step()) {
    ShownRow row;
    read_row(rows, row);
    if (last.seq >= 0 && row.seq != last.seq) {
      page.items.push_back(builder.take_pick());
      if (page.items.size() == static_cast<size_t>(request.limit)) {
        page.next = concat(last.time.time_since_epoch().count(), '.', last.seq);
        return page;
      }
    }
    builder.take(row);
    last = {row.head.pick.time, row.seq};
  }
  if (last.seq >= 0) page.items.push_back(builder.take_pick());
  return page;
}

Page<Pick> Picks::list(const PickPeriod& period, const PageRequest& request) {
  Page<PickInFull> full = page(period, request);
  Page<Pick> picks;
  for (PickInFull& item : full.items) picks.items.push_back(std::move(item.pick));
  picks.next = std::move(full.next);
  return picks;
}

void Picks::for_each(const PickPeriod& period, const std::function<void(const PickInFull&)>& take) {
  PageRequest request{.cursor = "", .limit = 500};
  do {
    const Page<PickInFull> full = page(period, request);
    for (const PickInFull& item : full.items) take(item);
    request.cursor = full.next;
  } while (!request.cursor.empty());
}

}  // namespace vitrine::store
